"""An empty paper for python-docx: A4 page, margins and styles of a layout, nothing else in it.

The template of python-docx brings an author, a thumbnail and 160 styles; only what is used stays.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zipfile import ZipFile

from docx import Document
from docx.document import Document as Paper
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import Section
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

from mlay_batch.core.zip_rules import write_parts
from mlay_batch.report.committee.paper_layout import A4, PaperLayout

LANGUAGES = {"vi": "vi-VN", "en": "en-GB"}
_USED_STYLES = ("Normal", "Default Paragraph Font", "Normal Table", "Table Grid", "Header")
_USED_RELATIONS = (
    RELATIONSHIP_TYPE.OFFICE_DOCUMENT,
    RELATIONSHIP_TYPE.CORE_PROPERTIES,
    RELATIONSHIP_TYPE.STYLES,
    RELATIONSHIP_TYPE.SETTINGS,
)
_COMPATIBILITY = {  # without it Word opens the file as one of an older Word
    "w:name": "compatibilityMode",
    "w:uri": "http://schemas.microsoft.com/office/word",
    "w:val": "15",
}
_CELL_MARGINS = {"top": "20", "left": "70", "bottom": "20", "right": "70"}  # twentieths of a point
_CENTER, _JUSTIFY = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.JUSTIFY


@dataclass(frozen=True)
class ParagraphLook:
    """The look of a paragraph.

    Attributes:
        size: name of its size in the layout, a key of `LetterSizes`.
        before: the space above it, in points.
        after: the space below it, in points.
        is_text: whether it is set as a sentence, with an indented first line.
        keep: whether it stays on the page of what follows.
        level: its level in the outline, from 1; 0 for none.
    """

    size: str = "text"
    bold: bool = False
    italic: bool = False
    underline: bool = False
    align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.LEFT
    before: float = 0
    after: float = 0
    is_text: bool = False
    keep: bool = False
    level: int = 0


LOOKS: Mapping[str, ParagraphLook] = {
    "Party": ParagraphLook("party", bold=True, align=_CENTER),
    "Place and day": ParagraphLook("heading", italic=True, align=_CENTER, before=4),
    "Superior": ParagraphLook("heading", align=_CENTER),
    "Office": ParagraphLook("heading", bold=True, align=_CENTER),
    "Kind": ParagraphLook("kind", bold=True, align=_CENTER, before=18),
    "Subject": ParagraphLook("subject", bold=True, align=_CENTER, before=3),
    "State": ParagraphLook("text", italic=True, align=_CENTER, before=3),
    "Rule": ParagraphLook("text", align=_CENTER),
    "Part": ParagraphLook("text", bold=True, is_text=True, keep=True, level=1),
    "Sentence": ParagraphLook("text", align=_JUSTIFY, is_text=True),
    "Table title": ParagraphLook("table", bold=True, align=_CENTER, before=8, after=3, keep=True),
    "Table head": ParagraphLook("table", bold=True, align=_CENTER, keep=True),
    "Table cell": ParagraphLook("table"),
    "Table note": ParagraphLook("table", italic=True, before=3),
    "Annex number": ParagraphLook("text", bold=True, align=_CENTER, keep=True, level=1),
    "Annex title": ParagraphLook("text", bold=True, align=_CENTER, before=3, after=6, keep=True),
    "Annex head": ParagraphLook("annex", bold=True, align=_CENTER, keep=True),
    "Annex cell": ParagraphLook("annex"),
    "Annex note": ParagraphLook("annex", italic=True, before=3),
    "Recipients": ParagraphLook("text", underline=True),
    "Recipient": ParagraphLook("recipients"),
    "Authority": ParagraphLook("text", bold=True, align=_CENTER),
    "Position": ParagraphLook("text", align=_CENTER),
}
GAP = "Gap"  # the style of a paragraph that Word wants after a table: of one point


def create_paper(layout: PaperLayout, lang: str) -> Paper:
    """Return an empty paper with the styles of `LOOKS`, its pages numbered from the second on."""
    paper = Document()
    _drop_unused_parts(paper)
    _define_defaults(paper, layout, lang)
    for name, look in LOOKS.items():
        _define_style(paper, name, look, layout)
    gap = paper.styles.add_style(GAP, WD_STYLE_TYPE.PARAGRAPH)
    gap.paragraph_format.line_spacing = gap.font.size = Pt(1)
    section = paper.sections[0]
    set_up_page(section, layout, landscape=False)
    section.different_first_page_header_footer = True
    _write_page_number(section.header.paragraphs[0])
    return paper


def set_up_page(section: Section, layout: PaperLayout, *, landscape: bool) -> None:
    """Give the pages of a section their size and margins."""
    margins = layout.margins
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (Mm(side) for side in (A4[::-1] if landscape else A4))
    section.top_margin, section.bottom_margin = Mm(margins.top), Mm(margins.bottom)
    section.left_margin, section.right_margin = Mm(margins.left), Mm(margins.right)
    section.header_distance = section.footer_distance = Mm(margins.header)


def save(paper: Paper, title: str, created: date) -> bytes:
    """Return the bytes of a paper without an author; the same paper and day give the same bytes."""
    properties = paper.core_properties
    properties.author = properties.last_modified_by = properties.comments = ""
    properties.title = title[:255]  # the longest that python-docx takes
    properties.created = properties.modified = datetime.combine(created, time())
    buffer = io.BytesIO()
    paper.save(buffer)
    with ZipFile(buffer) as archive:  # whose members bear the time of writing
        return write_parts({name: archive.read(name) for name in archive.namelist()})


def add_element(parent: Any, tag: str, **attributes: object) -> Any:
    """Append an element of WordprocessingML, ``w:cantSplit``, and return it."""
    element = OxmlElement(tag)
    for name, value in attributes.items():
        element.set(qn(f"w:{name}"), str(value))
    parent.append(element)
    return element


def _drop_unused_parts(paper: Paper) -> None:
    """Drop the thumbnail, the properties of an application, themes and the like."""
    for relations in (paper.part.package.rels if paper.part.package else {}, paper.part.rels):
        for key in [key for key, rel in relations.items() if rel.reltype not in _USED_RELATIONS]:
            del relations[key]
    settings = paper.settings.element
    for setting in list(settings):
        settings.remove(setting)
    compatibility = add_element(settings, "w:compat")
    compatibility.append(OxmlElement("w:compatSetting", attrs=_qualified(_COMPATIBILITY)))


def _qualified(attributes: Mapping[str, str]) -> dict[str, str]:
    return {qn(name): value for name, value in attributes.items()}


def _define_defaults(paper: Paper, layout: PaperLayout, lang: str) -> None:
    """Leave only used styles; set font, language and spacing of what says nothing else."""
    for style in list(paper.styles):
        if style.name not in _USED_STYLES:
            style.delete()
    root = paper.styles.element
    root.remove(root.find(qn("w:latentStyles")))
    fonts, language = root.find(f".//{qn('w:rFonts')}"), root.find(f".//{qn('w:lang')}")
    fonts.attrib.clear()
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{script}"), layout.font)
    language.set(qn("w:val"), LANGUAGES[lang])
    normal = paper.styles["Normal"]
    normal.font.size = Pt(layout.sizes.text)
    normal.paragraph_format.space_after = Pt(0)
    normal.paragraph_format.line_spacing = 1.0
    paper.styles["Header"].paragraph_format.alignment = _CENTER
    margins = paper.styles["Table Grid"].element.find(f".//{qn('w:tblCellMar')}")
    for margin in margins:
        side = margin.tag.rpartition("}")[2]
        margin.set(qn("w:w"), _CELL_MARGINS[side])


def _define_style(paper: Paper, name: str, look: ParagraphLook, layout: PaperLayout) -> None:
    style = paper.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = paper.styles["Normal"]
    font, paragraph = style.font, style.paragraph_format
    font.size = Pt(getattr(layout.sizes, look.size))
    font.bold, font.italic, font.underline = look.bold, look.italic, look.underline
    paragraph.alignment = look.align
    paragraph.space_before, paragraph.space_after = Pt(look.before), Pt(look.after)
    paragraph.keep_with_next = look.keep
    if look.is_text:
        paragraph.space_before = Pt(layout.spacing.paragraph)
        paragraph.first_line_indent = Mm(layout.spacing.indent)
        paragraph.line_spacing_rule = WD_LINE_SPACING.AT_LEAST
        paragraph.line_spacing = Pt(layout.spacing.line)
    if look.level:
        add_element(style.element.get_or_add_pPr(), "w:outlineLvl", val=look.level - 1)


def _write_page_number(paragraph: Paragraph) -> None:
    """Write the field that shows the number of the page."""
    run = paragraph.add_run()
    for kind in ("begin", "separate", "end"):
        add_element(run.element, "w:fldChar", fldCharType=kind)
        if kind == "begin":
            add_element(run.element, "w:instrText").text = "PAGE"
