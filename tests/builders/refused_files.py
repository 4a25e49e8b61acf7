"""One file for every code that refuses a return, each from a branch of its own.

With it comes what a sender does who obeys the letter: what is typed into the form that came with
it, and the sender's own file put right as the letter says.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from rules.test_whole_files import AT, CASES, Case, build_file, over
from rules.test_whole_files import own as cell_of

from builders import committee_reports, hostile_files, in_process
from builders.filled_forms import ALL_ASKED, CATALOGUE
from builders.outlook_files import compound
from builders.reader_files import FormFile
from builders.rule_samples import (
    LISTS,
    Cells,
    Sample,
    addresses,
    rows_of,
    samples,
    type_cells,
)
from mlay_batch import reader
from mlay_batch.app.office import Office, open_office
from mlay_batch.app.workspace import Workspace
from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.core.messages import finding_descriptions
from mlay_batch.core.period import Period
from mlay_batch.core.zip_rules import write_parts
from mlay_batch.demo.xlsx_patch import Parts, read_parts, set_cells, sheet_part
from mlay_batch.model.records import Row, Submission
from mlay_batch.report.committee.circulation_copy import write_circulation
from mlay_batch.schema.layout import STAMP_SHEET
from mlay_batch.template import TemplateContext, render

RECEIVED, AS_OF = "2026-11-03T09:00:00+07:00", date(2026, 11, 6)
NOVEMBER, YEAR, RECENT = Period(2018, 11), Period.parse("2018"), Period.parse("2025")
BY_VERSION = {
    ("meeting", "2018.1"): NOVEMBER,
    ("classification", "2018.1"): YEAR,
    ("classification", "2025.1"): RECENT,
}
SAMPLES = [s for s in samples() if (s.form.form, s.form.version) in BY_VERSION]
GOOD = next(s for s in SAMPLES if s.form.form == "meeting")
LATER = next(s for s in samples() if (s.form.form, s.form.version) == ("meeting", "2025.1"))
BAD = Path(__file__).resolve().parent.parent.parent / "samples" / "bad"


@dataclass(frozen=True)
class Branch:
    """A branch of the register, which sends one file."""

    code: str
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"Chi bộ số {self.code[2:]}"

    @property
    def mail(self) -> str:
        return f"{self.code.lower()}@town.example"

    def form(self, sample: Sample = GOOD) -> bytes:
        """Return the good return of that sample, as this branch would fill it in."""
        parts = _parts_of(sample.form.form, sample.form.version)
        names = {NOBODY.code: self.code, NOBODY.name: self.name}
        return write_parts({part: _replaced(xml, names) for part, xml in parts.items()}, 1)


NOBODY = Branch("CB000")


@cache
def _parts_of(form: str, version: str) -> Parts:
    """Return the good return of that form, made for nobody, as parts."""
    sample = next(s for s in SAMPLES if (s.form.form, s.form.version) == (form, version))
    context = replace(sample.context, branch=NOBODY.code, branch_name=NOBODY.name)
    return read_parts(render(sample.form, context, rows_of(sample)))


def _replaced(xml: str, names: Mapping[str, str]) -> str:
    for old, new in names.items():
        xml = xml.replace(old, new)
    return xml


@dataclass(frozen=True, eq=False)
class RefusedFile:
    """A file that is refused, and what obeys the letter about it."""

    code: str
    branch: Branch
    data: bytes
    period: Period
    """The period whose letters tell of it."""
    repair: Cells = field(default_factory=dict)
    """Typed into the form attached to the letter."""
    own: bytes | None = None
    """The sender's own file, put right as the letter says; None where nothing is to be sent."""
    sample: Sample = GOOD
    name: str = "bao-cao.xlsx"


def refusing_codes() -> set[str]:
    """Return every code that can refuse a file."""
    known = {entry.code for entry in finding_descriptions("vi") if entry.severity == "error"}
    rules = {rule for of in CATALOGUE.forms for _, rule in of.rules()}
    return known | {rule.code for rule in rules if rule.severity is Severity.ERROR}


def register_codes() -> set[str]:
    """Return the codes that only the office's own lists can have: nobody gets a letter."""
    codes = {(s.form.is_list, s.name.partition(" ")[0]) for s in samples()}
    return {code for of_list, code in codes if of_list and (False, code) not in codes}


Make = Callable[[Branch], RefusedFile]


def _of_sample(sample: Sample, branch: Branch) -> RefusedFile:
    at = addresses(sample.form, rows_of(sample))
    gone = {path: None for path in at for part in sample.clear if path.startswith(f"{part}.")}
    sent = type_cells(branch.form(sample), at, gone | {**sample.change}, sample)
    own = type_cells(sent, at, sample.repair, sample)
    period = BY_VERSION[sample.form.form, sample.form.version]
    code = sample.name.partition(" ")[0]
    return RefusedFile(code, branch, sent, period, sample.repair, own, sample)


def _of_case(case: Case, branch: Branch) -> RefusedFile:
    """Return a case of `rules/test_whole_files`; its figures copied into a new form obey."""
    case = replace(case, unit=(branch.code, branch.name))
    period = Period(case.year, case.month)
    good = branch.form() if period == NOVEMBER else None
    own = good and type_cells(good, AT, case.repair, GOOD)
    code = case.codes.split()[0]
    return RefusedFile(code, branch, build_file(case), period, case.repair, own)


def _plain(code: str, data: bytes, branch: Branch, **more: Any) -> RefusedFile:
    """Return a file that nothing is read from: a new form, filled in, obeys."""
    return RefusedFile(code, branch, data, NOVEMBER, own=branch.form(), **more)


def _changed(code: str, *changes: Callable[[bytes], bytes]) -> Make:
    """Return the maker of a good return that is changed as a whole."""

    def make(branch: Branch) -> RefusedFile:
        data = branch.form()
        for change in changes:
            data = change(data)
        return _plain(code, data, branch)

    return make


def _stamp(key: str, value: str) -> Callable[[bytes], bytes]:
    """Return a change of the hidden stamp."""
    row = ["mark", "form", "version", "branch", "period"].index(key) + 1

    def change(book: bytes) -> bytes:
        parts = dict(read_parts(book))
        name = sheet_part(parts, STAMP_SHEET)
        parts[name] = set_cells(parts[name], {f"B{row}": value})
        return write_parts(parts)

    return change


def _two_stamps(book: bytes) -> bytes:
    opened = load_workbook(io.BytesIO(book))
    opened.copy_worksheet(opened[STAMP_SHEET])
    opened.save(out := io.BytesIO())
    return out.getvalue()


def _no_head(book: bytes) -> bytes:
    for text in ("head:start", "Đơn vị báo cáo", "Kỳ báo cáo", "Cán bộ được phân công dự"):
        book = over(cell_of(text), "x")(book)
    return book


def _moved(branch: Branch, period: Period) -> bytes:
    """Return a good return of another period."""
    rows = [
        replace(row, values={name: _in_month(v, period) for name, v in row.values.items()})
        for row in rows_of(LATER)
    ]
    context = replace(LATER.context, branch=branch.code, branch_name=branch.name, period=period)
    return render(LATER.form, context, rows)


def _in_month(value: Any, period: Period) -> Any:
    if isinstance(value, date):
        return value.replace(year=period.year, month=period.start.month)
    return value


def _early(branch: Branch) -> RefusedFile:
    data = _moved(branch, Period(2026, 12))
    return RefusedFile("I07", branch, data, NOVEMBER)


def _not_owed(code: str, branch: Branch) -> RefusedFile:
    return RefusedFile(code, branch, branch.form(), NOVEMBER)


def _own_register(branch: Branch) -> RefusedFile:
    rows = [Row("organisations", "", 0, {"code": branch.code, "name": branch.name}, {})]
    context = TemplateContext(branch.code, branch.name, "", None)
    data = render(CATALOGUE.register_form, context, rows)
    return RefusedFile("I12", branch, data, NOVEMBER)


_FILES = hostile_files.files()
RIGHTS = {"\x06DataSpaces": {"DRMEncryptedTransform": {"x": b"1"}}}
ENDED = {"ended": date(2018, 5, 31), "successor": "TX"}
# code: (who sends it, what), where no table of samples or cases has it
PLAIN: Mapping[str, tuple[Mapping[str, Any], Make]] = {
    "R01": ({}, partial(_plain, "R01", b"")),
    "R02": ({}, partial(_plain, "R02", b"PK\3\4" + bytes(2 << 20))),
    "R03": ({}, partial(_plain, "R03", b"%PDF-1.4 renamed")),
    "R04": ({}, partial(_plain, "R04", (BAD / "co-mat-khau R04.xlsx").read_bytes())),
    "R05": ({}, _changed("R05", lambda book: book[:5000])),
    "R06": ({}, partial(_plain, "R06", _FILES["bomb.xlsx"])),
    "R07": ({}, partial(_plain, "R07", _FILES["laughs.xlsx"])),
    "R08": ({}, partial(_plain, "R08", _FILES["a page.xls"])),
    "R38": ({}, partial(_plain, "R38", compound({"EncryptedPackage": bytes(99), **RIGHTS}))),
    "R10": ({}, partial(_plain, "R10", FormFile().write((90_000, 400), "xa").save())),
    "R12": ({}, partial(_plain, "R12", b"R12")),
    "R13": ({}, partial(_plain, "R13", b"R13")),
    "R14": ({}, partial(_plain, "R14", b"R14")),
    "R20": ({}, partial(_plain, "R20", _FILES["their own table.xlsx"])),
    "R40": ({}, partial(_plain, "R40", write_circulation(committee_reports.bare()))),
    "R21": ({}, _changed("R21", _stamp("version", "1999.1"))),
    "R25": ({}, _changed("R25", _stamp("mark", "x"), over("head.period", "tháng này"))),
    "R30": ({}, _changed("R30", _no_head)),
    "R31": ({}, _changed("R31", _two_stamps)),
    "I01": ({}, _changed("I01", over("head.branch", "TX – Đảng bộ thị xã Mường Lay"))),
    "I04": ({}, _changed("I04", _stamp("branch", "ZZ-9"), over("head.branch", "ZZ-9 – Nhờ gửi"))),
    "I09": ({}, _changed("I09", _stamp("branch", ""), over("head.branch", ""))),
    "I11": ({}, _changed("I11", _stamp("period", ""), over("head.period", ""))),
    "I05": (ENDED, partial(_not_owed, "I05")),
    "I07": ({}, _early),
    "I08": ({"type": "committee"}, partial(_not_owed, "I08")),
    "I12": ({}, _own_register),
    "I13": ({"founded": date(2019, 1, 1)}, partial(_not_owed, "I13")),
}
MADE_UP = {"R12": {"limit": 30}, "R13": {}, "R14": {"problem": "ValueError"}}


def makers() -> Mapping[str, tuple[Mapping[str, Any], Make]]:
    """Return for every code what the register says of the branch, and who makes its file."""
    codes = refusing_codes()
    made: dict[str, tuple[Mapping[str, Any], Make]] = {}
    for sample in SAMPLES:
        code = sample.name.partition(" ")[0]
        if code in codes:
            made.setdefault(code, ({}, partial(_of_sample, sample)))
    for case in CASES.values():
        for code in case.codes.split():
            ended = {"ended": date(2018, 11, 21), "successor": "TX"} if code == "I15" else {}
            made.setdefault(code, (ended, partial(_of_case, case)))
    return made | dict(PLAIN)


def refused_files() -> Iterator[RefusedFile]:
    """Yield a file for every code, each of its own branch."""
    for number, (more, make) in enumerate(makers().values(), 1):
        yield make(Branch(f"CB{number:03}", more))


def create_office(folder: Path, branches: Iterable[Branch]) -> Office:
    """Make the workspace of a town with those branches, each with an address of its own."""
    town = {"code": "TX", "name": "Đảng bộ thị xã Mường Lay", "type": "office"}
    parts = {
        "organisations": [
            town,
            *(
                {"code": b.code, "name": b.name, "type": "cell_direct", "parent": "TX"} | b.more
                for b in branches
            ),
        ],
        "addresses": [{"branch": b.code, "mail": b.mail} for b in branches],
        "officers": [{"code": code, "name": name} for code, name in LISTS["officers"]],
        "switches": [{"item": setting.item, "asked": setting.asked} for setting in ALL_ASKED],
    }
    workspace = Workspace.create(folder)
    written = [Row(name, "", 0, entry, {}) for name, rows in parts.items() for entry in rows]
    context = TemplateContext("TX", "Thị ủy Mường Lay", "", None, "Mường Lay")
    workspace.register.write_bytes(render(CATALOGUE.register_form, context, written))
    office = open_office(workspace)
    settings = replace(workspace.settings, limits={"file_mb": 1})
    return replace(office, workspace=replace(workspace, settings=settings))


@contextmanager
def reading() -> Iterator[None]:
    """Read files in this process, and some as if their reader had died."""
    real = reader.read

    def read(data: bytes, *args: Any, **more: Any) -> Any:
        code = data.decode(errors="ignore") if len(data) == 3 else ""
        if code in MADE_UP:
            finding = Finding(code, Severity.ERROR, Place(), MADE_UP[code])
            return Submission(None, None, None, findings=(finding,))
        return real(data, *args, **more)

    with pytest.MonkeyPatch.context() as patch, in_process.here():
        patch.setattr(reader, "read", read)
        yield
