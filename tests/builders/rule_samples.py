"""Forms as people fill them in: rendered, typed into, read back and checked; returned, repaired.

A table file (`meeting.yaml` …) gives a good return and, for every rule, what is typed differently,
every finding that then stands there, and what is typed into the returned form to set it right.
Cells are named as the form names them: ``meetings.2.present`` stands in row 2, ``members.closing``
stands on a card. "5/11" is a day of the period's year.
"""

from __future__ import annotations

import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from builders.filled_forms import CATALOGUE, form, register
from mlay_batch.checks.identity import identify
from mlay_batch.checks.slips import check_slip
from mlay_batch.checks.validate import validate, validate_list, validate_register
from mlay_batch.core.findings import Finding
from mlay_batch.core.period import Period
from mlay_batch.core.zip_rules import write_parts
from mlay_batch.demo.xlsx_patch import RawCell, read_parts, sheet_part
from mlay_batch.demo.xlsx_patch import set_cells as typed_over
from mlay_batch.model.office_rules import OfficeRules, SlipRule
from mlay_batch.model.records import CheckedFile, IncomingFile, Row, Submission
from mlay_batch.reader import read
from mlay_batch.schema import Form
from mlay_batch.schema.layout import plan_sheets
from mlay_batch.template import TemplateContext, render

HERE = Path(__file__).resolve().parent.parent / "rules"
DAY = re.compile(r"(\d{1,2})/(\d{1,2})")
LISTS = {
    "officers": (("TU01", "Lò Văn Pọm"), ("TU02", "Nguyễn Văn An"), ("TU03", "Nguyễn Văn An")),
    "organisations": (("CB-01", "Chi bộ Trường Tiểu học"), ("TX", "Đảng bộ thị xã Mường Lay")),
}
NAMES = {name: dict(pairs) for name, pairs in LISTS.items()}
REGISTER = replace(
    register(
        """
TX | Đảng bộ thị xã Mường Lay | town
CB-01 | Chi bộ Trường Tiểu học | cell_direct | TX
CB-02 | Chi bộ Trường Mầm non | cell_direct | TX | | 2018-11-21 | CB-01
""",
        "TU01 | Lò Văn Pọm",
    ),
    rules=OfficeRules(slips=(SlipRule("both", "2014-01"),)),
)
Cells = Mapping[str, Any]
Places = Mapping[str, tuple[str, str]]  # of each value its sheet and cell


@dataclass(frozen=True)
class Sample:
    """One wrong return of a table file, and its repaired twin."""

    name: str
    form: Form
    good: Mapping[str, Any]
    found: Sequence[str]
    change: Cells = field(default_factory=dict)
    clear: Sequence[str] = ()
    repair: Cells = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.form.form}-{self.form.version}-{self.name}"

    @property
    def period(self) -> Period | None:
        """November of the year the version began to hold in (it holds then, whichever it is)."""
        year = int(self.form.effective.from_[:4])
        names = {"month": f"{year}-11", "year": str(year)}
        kind = self.form.period
        return Period.parse(names[kind]) if kind in names else None

    @property
    def context(self) -> TemplateContext:
        branch = "TX" if self.form.period == "none" else "CB-01"
        branch = "TU01" if self.form.is_by_officers else branch
        asked = {switch.id: True for switch in self.form.switches}
        name = dict((*LISTS["organisations"], *LISTS["officers"]))[branch]
        return TemplateContext(branch, name, "", self.period, lists=LISTS, switches=asked)


def tables() -> Iterator[Mapping[str, Any]]:
    for path in sorted(HERE.glob("*.yaml")):
        yield yaml.safe_load(path.read_text(encoding="utf-8"))


def samples() -> Iterator[Sample]:
    """Every sample, for every version of its form that has the rule."""
    for table in tables():
        for version in table["versions"]:
            of = form(table["form"], version)
            rules = {rule.code for _, rule in of.rules()}
            good = table["good"] | table.get("good_of", {}).get(version, {})
            for name, sample in table["samples"].items():
                code = name.partition(" ")[0]
                if code in rules or code[0] in "FCI":
                    yield Sample(name, of, good, **sample)


def rows_of(sample: Sample) -> tuple[Row, ...]:
    """The good return, as `template.render` takes it."""
    rows = []
    for section, content in sample.good.items():
        for number, values in enumerate(content if isinstance(content, list) else [content], 1):
            typed = {name: _day(value, sample) for name, value in values.items()}
            rows.append(Row(section, "", number, typed, {}))
    return tuple(rows)


def _day(value: Any, sample: Sample) -> Any:
    if isinstance(value, str) and sample.period and (match := DAY.fullmatch(value)):
        return date(sample.period.year, int(match[2]), int(match[1]))
    return value


def addresses(of: Form, rows: Sequence[Row]) -> Places:
    """Sheet and cell of every value of the template that holds `rows`."""
    places = {}
    cards = {section.id for section in of.sections if section.layout == "card"} | {"head"}
    for sheet in plan_sheets(of, Counter(row.section for row in rows)):
        for cell in sheet.cells:
            if cell.role == "value":
                record = "" if cell.section in cards else f".{cell.record + 1}"
                where = f"{get_column_letter(cell.column)}{cell.row}"
                places[f"{cell.section}{record}.{cell.field}"] = (sheet.title.vi, where)
    return places


def type_cells(book: bytes, at: Places, cells: Cells, sample: Sample) -> bytes:
    """The workbook once a person has typed `cells` into it; all else in it stays as it was."""
    parts = dict(read_parts(book))
    by_sheet: dict[str, dict[str, Any]] = defaultdict(dict)
    for path, value in cells.items():
        sheet, cell = at[path]
        by_sheet[sheet][cell] = _as_typed(_as_shown(path, _day(value, sample), sample.form))
    for title, keyed in by_sheet.items():
        name = sheet_part(parts, title)
        parts[name] = typed_over(parts[name], keyed)
    return write_parts(parts)


def _as_typed(value: Any) -> Any:
    """What a cell holds then: nothing, a formula never calculated, an error, a value."""
    if value is None:
        return RawCell("n", "")
    if isinstance(value, str) and value.startswith("="):
        return RawCell("n", f"<f>{value[1:]}</f>")
    if isinstance(value, str) and value.startswith("#"):
        return RawCell("e", f"<v>{value}</v>")
    return value


def _as_shown(path: str, value: Any, of: Form) -> Any:
    """A choice as its dropdown shows it; a long text of `[words, times]`."""
    if isinstance(value, list):
        return str(value[0]) * int(value[1])
    section, field_id = path.split(".")[0], path.split(".")[-1]
    choices = of.choices.get(of.section(section).field(field_id).choices or "", ())
    return next((c.title.vi for c in choices if c.id == value), value)


def on_its_way(number: int, book: bytes) -> bytes:
    """The workbook as it comes in; every sixteenth was saved by another program."""
    if number % 16:
        return book
    out = io.BytesIO()
    load_workbook(io.BytesIO(book)).save(out)
    return out.getvalue()


def check_books(books: Sequence[bytes], of: Form) -> list[tuple[Submission, tuple[Finding, ...]]]:
    """Read the workbooks and check them all together, as a run does: each as it was read, and what
    is wrong with it.
    """
    came = [read(data, "a.xlsx", CATALOGUE.forms) for data in books]
    if of.form == "register":
        return [(submission, validate_register(submission, of)[1]) for submission in came]
    if of.is_list:
        return [(submission, validate_list(submission, of, NAMES)[1]) for submission in came]
    return [
        (submission, checked.findings)
        for submission, checked in zip(came, check_submissions(came), strict=True)
    ]


def check_submissions(came: Sequence[Submission]) -> tuple[CheckedFile, ...]:
    """Judge returns all together."""
    checked = validate([_identify(submission) for submission in came], NAMES, CATALOGUE.forms)
    return tuple(check_slip(each, REGISTER, CATALOGUE) for each in checked)


def _identify(submission: Submission) -> CheckedFile:
    leaf = IncomingFile("a.xlsx", b"", "a.xlsx", "2026-12-01T00:00:00+07:00")
    judged = CheckedFile(leaf, submission, findings=submission.findings)
    return identify(judged, CATALOGUE, REGISTER, date(2026, 12, 1))


@dataclass(frozen=True)
class SampleOutcome:
    """What became of a sample: `findings` when it came, cells `at`; the form that went back, its
    cells `places`; what was `left` once it was repaired.
    """

    findings: tuple[Finding, ...]
    at: Places
    returned: bytes
    places: Places
    left: tuple[Finding, ...]


def try_samples(of: Form, samples: Sequence[Sample]) -> dict[str, SampleOutcome]:
    """Send in the samples of one version of a form, return them, repair them, send them again.

    Each time all are checked in one batch: what is found in one is seen to be found in it alone.
    """
    good = rows_of(samples[0])
    blank, at = render(of, samples[0].context, good), addresses(of, good)
    sent = [
        type_cells(blank, at, _empty_cells(sample, at) | {**sample.change}, sample)
        for sample in samples
    ]
    checked = check_books([on_its_way(*book) for book in enumerate(sent)], of)
    back = [
        (render(of, samples[0].context, submission.rows, findings), addresses(of, submission.rows))
        for submission, findings in checked
    ]
    again = [
        type_cells(*went, entry.repair, entry) for went, entry in zip(back, samples, strict=True)
    ]
    left = check_books([on_its_way(*book) for book in enumerate(again)], of)
    return {
        sample.name: SampleOutcome(findings, at, *went, rest)
        for sample, (_, findings), went, (_, rest) in zip(samples, checked, back, left, strict=True)
    }


def _empty_cells(sample: Sample, at: Places) -> Cells:
    return {path: None for path in at for gone in sample.clear if path.startswith(f"{gone}.")}


def cells_with_colour(
    book: bytes, tones: tuple[str, ...] = (" bad", " watch")
) -> set[tuple[str, str]]:
    """The cells of a form given back that are in the colour of an error or of a warning."""
    parts = read_parts(book)
    styles = parts["xl/styles.xml"]
    names = re.findall(r'<cellStyle [^>]*?name="([^"]*)"[^>]*?xfId="(\d+)"', styles)
    toned = {number for name, number in names if name.endswith(tones)}
    formats = re.findall(r"<xf .*?(?:/>|</xf>)", styles.partition("<cellXfs")[2])
    looks = {
        n for n, style in enumerate(formats) if set(re.findall(r'xfId="(\d+)"', style)) & toned
    }
    return {
        (title, cell)
        for title in re.findall(r'<sheet name="([^"]+)"', parts["xl/workbook.xml"])
        for cell, look in re.findall(
            r'<c r="([A-Z]+\d+)" s="(\d+)"', parts[sheet_part(parts, title)]
        )
        if int(look) in looks
    }


def cells_with_link(book: bytes) -> set[str]:
    """The cells the list of errors leads to."""
    first = read_parts(book)["xl/worksheets/sheet1.xml"]
    return {place.rpartition("!")[2] for place in re.findall(r'location="([^"]+)"', first)}


def finding_lines(findings: Sequence[Finding], at: Places) -> list[str]:
    """Findings as `CODE path`, sorted; a cell without a path is named by itself."""
    names = {place: path for path, place in at.items()}
    return sorted(
        f"{f.code} {names.get((f.place.sheet, f.place.cell), f.place.cell)}" for f in findings
    )
