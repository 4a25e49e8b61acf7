"""Nothing a branch types becomes a formula, link, header, path, terminal escape or markup.

One month of a small town in which every text, number, name, subject, sheet title and stamp is
hostile goes through all commands; then every output is looked at. Every hostile text holds CANARY.
"""

from __future__ import annotations

import base64
import email
import email.policy
import io
import json
import os
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
from builders.json_results import result
from builders.sample_office import MeetingReturn, catalogue, create_office, put, rows
from openpyxl import load_workbook

from mlay_batch import reader
from mlay_batch.cli import run

CANARY = "zqx"
HOSTILE = (
    "=cmd|'/c calc'!zqx", "+zqx+1", "-zqx", "@SUM(zqx)", '=HYPERLINK("http://zqx.example","a")',
    "http://zqx.example/a", "mailto:zqx@evil.example", "[red]zqx[/red]", "[/zqx] [link=x]",
    "\x1b[31mzqx\x1b]0;t\x07", "\x9b2Jzqx", "a\x00b\x08zqx", "zqx\r\nBcc: zqx@evil.example",
    "zqx\nFORGED line", "\u202ezqx\u202c", "z\u200bqx zqx", "zqx\u2028FORGED line",
    "\ufeffzqx\u2066",
    "<b>zqx</b>&amp;<script>", "zqx\U0001f600\U0001f468\u200d\U0001f469", "{value} {field} zqx %s",
    "../../zqx", "C:\\zqx\\CON", "zqx _x001B_[31m", "zqx" * 10_922, "#N/A zqx", "zqx\x7f\x85",
    "'=zqx", "\t=zqx", "zqx\ud800".encode("utf-8", "replace").decode(), "{=zqx}", "zqx | | `a`",
)  # fmt: skip
# What does something to a terminal, or to the eyes of who reads it.
DANGEROUS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
_ESCAPED = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]")


def in_xml(text: str) -> str:
    """A text as a hostile writer puts it into a cell: what XML cannot hold in Excel's escapes."""
    return _ESCAPED.sub(lambda match: f"_x{ord(match[0]):04X}_", escape(text))


def change_part(book: bytes, change: Callable[[str], str], part: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(buffer, "w") as new:
        for entry in old.infolist():
            text = old.read(entry)
            new.writestr(entry, change(text.decode()) if entry.filename == part else text)
    return buffer.getvalue()


KIND = "training"
SHEET, OTHER_SHEET = "xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"


def good_return(branch: str, month: int, texts: list[str]) -> bytes:
    """A good return whose texts are hostile."""
    paper = MeetingReturn(branch, month=month)
    marks = [f"PLACE{n}." for n in range(len(texts))]
    more = [
        {"held_on": paper.values()[1].values["held_on"], "kind": KIND, "content": mark}
        for mark in marks
    ]
    book = _render(paper, (*paper.values(), *rows("activities", *more)))

    def change(xml: str) -> str:
        for mark, hostile in zip(marks, texts, strict=True):
            assert mark in xml
            xml = xml.replace(mark, in_xml(hostile))
        return xml

    return change_part(book, change, OTHER_SHEET)


def _render(paper: MeetingReturn, values: tuple[object, ...]) -> bytes:
    from builders.sample_office import TemplateContext, reference_lists, register, render

    form = catalogue().form_for("meeting", paper.period)
    entry = register().by_code[paper.branch]
    lists = {name: tuple(c.items()) for name, c in reference_lists(register()).items()}
    context = TemplateContext(
        entry.code, entry.name, "Thị ủy", paper.period, "Mường Lay", {}, lists
    )
    return render(form, context, values)


def bad_return(branch: str, texts: list[str]) -> bytes:
    """A return with hostile texts in place of numbers, days and choices, on a hostile sheet."""
    book = MeetingReturn(branch).book()
    read = reader.read(book, "x.xlsx", catalogue().forms)
    shown = read.rows[0].cells.items()  # what is quoted: neither computed nor free text
    cells = [cell for name, cell in shown if name not in ("excused", "content")]

    def change(xml: str) -> str:
        for cell, hostile in zip(cells, texts, strict=False):
            match = re.search(rf'<c r="{cell}"[^>]*?(/>|>.*?</c>)', xml)
            assert match
            written = f'<c r="{cell}" t="inlineStr"><is><t>{in_xml(hostile)}</t></is></c>'
            xml = xml[: match.start()] + written + xml[match.end() :]
        return xml

    title = in_xml("=zqx\x1b[31m[red]").replace('"', "&quot;")
    renamed = f'name="{title}"'
    book = change_part(book, change, SHEET)
    return change_part(book, lambda xml: xml.replace('name="Báo cáo"', renamed), "xl/workbook.xml")


def of_another_form(hostile: str) -> bytes:
    """A workbook whose hidden stamp is hostile."""
    return change_part(
        MeetingReturn("DB1-2").book(),
        lambda xml: xml.replace(">meeting<", f">{in_xml(hostile)}<", 1),
        "xl/worksheets/sheet4.xml",
    )


def mail(sender: str, name: str, book: bytes) -> bytes:
    subject = base64.b64encode(b"zqx\r\nBcc: zqx@evil.example\x1b[31m").decode()
    return (
        f"From: =?utf-8?B?{base64.b64encode(b'zqx' + bytes([27])).decode()}?= <{sender}>\n"
        f"Subject: =?utf-8?B?{subject}?=\nMessage-ID: <zqx@x>\nReferences: <a@b>\n\tBcc:zqx@evil\n"
        f"MIME-Version: 1.0\nContent-Type: application/octet-stream\n"
        f'Content-Disposition: attachment; filename="{name}"\n'
        f"Content-Transfer-Encoding: base64\n\n{base64.encodebytes(book).decode()}"
    ).encode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class Month:
    """All that came out: the text of each command, and the workspace."""

    outputs: dict[str, str]
    root: Path

    def books(self) -> Iterator[bytes]:
        """Every workbook written: the consolidated one and those given back by mail."""
        for path in self.root.joinpath("reports").rglob("*.xlsx"):
            yield path.read_bytes()
        for letter in self.letters():
            contents = (part.get_content() for part in letter.iter_attachments())
            yield from (content for content in contents if isinstance(content, bytes))

    def letters(self) -> Iterator[EmailMessage]:
        for path in sorted(self.root.joinpath("outbox").rglob("*.eml")):
            yield email.message_from_bytes(path.read_bytes(), policy=email.policy.default)  # type: ignore[misc]


NAMES = (
    "=cmd zqx.xlsx", "[red]zqx[/red] [/].xlsx", "zqx\x1b[31m\x9b2J.xlsx", "zqx\nFORGED line.xlsx",
    "\u202excod\u202c zqx.xlsx", "zqx\U0001f600 <b>&{x}.xlsx",
)  # fmt: skip


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    office = create_office(tmp_path_factory.mktemp("hostile") / "town")
    half = len(HOSTILE) // 2
    put(office, NAMES[0], good_return("DB1-1", 11, list(HOSTILE[:half])))
    put(office, NAMES[3], good_return("DB1-2", 11, list(HOSTILE[half:])))
    put(office, "zqx.eml", mail("cb01@town.example", NAMES[2], bad_return("CB-01", list(HOSTILE))))
    put(
        office,
        "zqy.eml",
        mail("zqx@evil.example", NAMES[1], MeetingReturn("CB-01", month=10).book()),
    )
    put(office, "zqx [red].zip", make_zip(dict.fromkeys(NAMES, of_another_form(HOSTILE[9]))))
    outputs: dict[str, str] = {}
    patch = pytest.MonkeyPatch()
    patch.chdir(office.workspace.root)
    umask = os.umask(0o000)  # the most open a PC can be
    try:
        day = ["--as-of", "2019-12-06"]
        for words in (
            ["ingest", "--json", "--dry-run", *day],
            ["run", "--period", "2019-11", *day],
            ["held"],
            ["held", "--json"],
            ["check", "inbox/" + NAMES[3]],
            ["reply", "--period", "2019-11", *day],
            ["accept", "1", "--why", "\x1b[31mzqx"],
        ):
            out, err = io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO())
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            assert run(words) != 2 or words[0] == "accept", words
            outputs[" ".join(words)] = _read_output(out) + _read_output(err)
    finally:
        patch.undo()
        os.umask(umask)
    return Month(outputs, office.workspace.root)


def _read_output(stream: io.TextIOWrapper) -> str:
    stream.flush()
    data: bytes = stream.buffer.getvalue()  # type: ignore[attr-defined]
    return data.decode()


def make_zip(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_the_hostile_month_went_all_the_way(month: Month) -> None:
    decisions = result(month.outputs["ingest --json --dry-run --as-of 2019-12-06"])["files"]
    assert {decision["verdict"] for decision in decisions} >= {"accepted", "rejected", "held"}
    assert sum(CANARY in json.dumps(decision) for decision in decisions) > 6
    assert len(list(month.books())) >= 3
    assert any(CANARY in str(letter) for letter in month.letters())


def test_nothing_reaches_the_terminal_but_to_show_itself(month: Month) -> None:
    for command, text in month.outputs.items():
        assert DANGEROUS.findall(text) == [], command
        assert not [line for line in text.splitlines() if line.startswith("FORGED")], command
    assert [command for command, text in month.outputs.items() if "[red]zqx[/red]" in text]


def test_json_is_json(month: Month) -> None:
    for command, text in month.outputs.items():
        if "--json" in command:
            json.loads(text)


ALIVE = frozenset({
    "f", "definedName", "sheet", "Relationship", "hyperlink", "formula", "formula1", "formula2",
    "oddHeader", "oddFooter", "calculatedColumnFormula",
})  # fmt: skip


def test_no_cell_becomes_a_formula_or_a_link(month: Month) -> None:
    for data in month.books():
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            for name in book.namelist():
                if not name.endswith((".xml", ".rels")):
                    continue
                part = book.read(name)
                for element in ElementTree.fromstring(part).iter():
                    tag = element.tag.rpartition("}")[2]
                    if tag in ALIVE:
                        text = "".join([element.text or "", *element.attrib.values()])
                        assert CANARY not in text, (name, text[:100])


def test_what_looks_like_a_formula_is_marked_as_text(month: Month) -> None:
    """So that Excel keeps it a text when the cell is edited (quotePrefix)."""
    seen = 0
    for data in month.books():
        for sheet in load_workbook(io.BytesIO(data)):
            for cell in (cell for row in sheet.iter_rows() for cell in row):
                if isinstance(cell.value, str) and CANARY in cell.value:
                    assert cell.data_type == "s"
                    assert cell.hyperlink is None
                    if cell.value.startswith(("=", "+", "-", "@")):
                        seen += 1
                        assert cell.quotePrefix, (sheet.title, cell.coordinate, cell.value[:50])
                    assert not re.search("[\x00-\x08\x0b-\x1f]", cell.value)
    assert seen > 3


HEADERS = {
    "From", "To", "Subject", "Message-ID", "In-Reply-To", "References", "X-Unsent", "MIME-Version",
    "Content-Type", "Content-Transfer-Encoding", "Date", "Auto-Submitted",
}  # fmt: skip


def test_no_mail_gets_a_header_an_address_or_a_name_from_outside(month: Month) -> None:
    for path in month.root.joinpath("outbox").rglob("*.eml"):
        head = path.read_bytes().partition(b"\r\n\r\n")[0]
        names = {
            line.split(b":")[0].decode() for line in head.split(b"\r\n") if line[:1] not in b" \t"
        }
        assert names <= HEADERS
    for letter in month.letters():
        assert "evil" not in str(letter["To"])
        assert DANGEROUS.findall(str(letter["Subject"])) == []
        body = letter.get_body()
        assert body
        for part in letter.iter_attachments():
            assert re.fullmatch(r"[A-Za-z0-9_.-]+\.(xlsx|txt)", part.get_filename() or "")
        for part in (body, *letter.iter_attachments()):
            if part.get_content_type() == "text/plain":
                text = part.get_content().replace("\r\n", "\n")
                controls = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
                assert re.findall(controls, text) == []


def test_no_path_comes_from_outside(month: Month) -> None:
    for folder in ("archive", "outbox", "reports"):
        for path in month.root.joinpath(folder).rglob("*"):
            assert re.fullmatch(r"[A-Za-z0-9_.-]+", path.name), path
            assert CANARY not in path.name
            # what Windows takes: no reserved name, no point at the end, room for a long folder
            assert not re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?|.*\.", path.name)
            assert len(path.relative_to(month.root).as_posix()) < 140


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_what_branches_wrote_is_the_owners_alone(month: Month) -> None:
    paths = [
        path for folder in ("archive", "outbox") for path in month.root.joinpath(folder).rglob("*")
    ]
    files = [month.root / "ledger.sqlite", *(path for path in paths if path.is_file())]
    assert len(files) > 9
    for path in (month.root / "archive", month.root / "outbox", *files):
        assert path.stat().st_mode & 0o077 == 0, path
