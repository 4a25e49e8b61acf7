"""What makes the workbook a return to the level above: a stamp, machine ids, what nobody prints.

The data sheets people see are the ones that are read: each gets a hidden row of field ids above
its heading and markers in a hidden column right of it. The lists that are on no sheet, sections
without any row, and the index of the returns with their hashes go onto a hidden sheet laid out like
a form.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import date, datetime, time

from mlay_batch.excel.cell_text import to_cell_text
from mlay_batch.figures.report_records import Figures, ReportInputs
from mlay_batch.model import rollup_form
from mlay_batch.model.records import LedgerEntry, Row, Value, Verdict, values_hash
from mlay_batch.report.data.sections_data import returns_of
from mlay_batch.report.report_context import Provenance, ReportContext
from mlay_batch.report.tables import HEAD_ROW, DataTable
from mlay_batch.report.writer import SheetWriter
from mlay_batch.schema import Form, Section
from mlay_batch.schema.ids import ROLLUP
from mlay_batch.schema.layout import CODE_SEPARATOR, STAMP_SHEET, VALUE_MARKER
from mlay_batch.schema.versions import families

_ID_ROW = HEAD_ROW - 1
_STATE_VERDICTS = (Verdict.REJECTED, Verdict.HELD)


def submission_form(ctx: ReportContext) -> Form:
    """Return the form by which the level above reads the workbook."""
    kind = ctx.figures.period.kind
    return next(form for form in rollup_form.forms(ctx.inputs.catalogue) if form.period == kind)


def write(ctx: ReportContext, provenance: Provenance, placed_sections: Collection[str]) -> None:
    """Stamp the workbook, write what is carried on no data sheet.

    `placed_sections` are those that have one.
    """
    form = submission_form(ctx)
    lists = [*_index_rows(ctx), *_register_rows(ctx)]
    origin = {
        "as_of": provenance.as_of.isoformat(),
        "program": provenance.program,
        "figures": provenance.figures,
        "sums": provenance.sums,
    }
    sealed_origin = origin | {
        "lists": rollup_form.lists_hash([Row(rollup_form.ORIGIN, "", 0, origin, {}), *lists])
    }
    _HiddenSheet(ctx, form, placed_sections).write(
        [Row(rollup_form.ORIGIN, "", 0, sealed_origin, {}), *lists]
    )
    office_code = ctx.inputs.register.root().code
    stamp = {
        "mark": "mlay-batch",
        "form": form.form,
        "version": form.version,
        "branch": office_code,
        "period": str(ctx.figures.period),
    }
    raw = ctx.writer.add_hidden_sheet(STAMP_SHEET)
    for number, stamp_line in enumerate(stamp.items()):
        raw.write_row(number, 0, stamp_line)


def write_markers(sheet: SheetWriter, table: DataTable) -> None:
    """Write the ids of a table over its heading and its markers right of it, both hidden."""
    raw, marker_column = sheet.raw, len(table.columns)
    raw.set_row(_ID_ROW, None, None, {"hidden": True})
    raw.set_column(marker_column, marker_column, None, None, {"hidden": True})
    for column, data_column in enumerate(table.columns):
        raw.write_string(_ID_ROW, column, data_column.id)
    end_row = table.sheet_row(max(len(table.rows), 1))
    for row, marker in ((_ID_ROW, "start"), (HEAD_ROW, "head"), (end_row, "end")):
        raw.write_string(row, marker_column, f"{table.section}:{marker}")


def _index_rows(ctx: ReportContext) -> Iterator[Row]:
    """Yield a row for each return the data sheets hold, and for each that was refused or waits."""
    inputs = ctx.inputs
    first_received = _first_receipt_times(inputs)
    for family in families(inputs.catalogue):
        if family[0].is_by_officers and ctx.figures.slips is None:
            continue
        for accepted in returns_of(ctx, family[0]):
            entry = accepted.entry
            received = first_received.get(entry.key, entry.received)
            yield _index_row(entry, received=received, values=values_hash(accepted.rows))
    for entry in _refused_entries(inputs, ctx.figures):
        yield _index_row(entry, received=entry.received, state=entry.verdict.value)


def _index_row(entry: LedgerEntry, **extra: Value) -> Row:
    form, branch, period = entry.key or ("", "", "")
    key = {"form": form, "version": entry.version, "branch": branch, "period": period}
    key |= {"part": entry.part}
    return Row(rollup_form.RETURN_LIST, "", 0, key | extra, {})


def _first_receipt_times(inputs: ReportInputs) -> Mapping[object, str]:
    """Return when the first accepted return of each key came: a correction is not late.

    A list is no return of the branch's own.
    """
    earliest: dict[object, str] = {}
    for entry in inputs.ledger_entries:
        if entry.verdict is Verdict.ACCEPTED and not entry.is_sketch:
            earliest[entry.key] = min(earliest.get(entry.key, entry.received), entry.received)
    return earliest


def _refused_entries(inputs: ReportInputs, figures: Figures) -> Iterator[LedgerEntry]:
    """Yield the rejected or held entry behind every such field of the matrix."""
    states = {state.value for state in _STATE_VERDICTS}
    keys = {
        (expected.form, expected.branch, str(expected.period))
        for matrix in figures.completeness
        if matrix.form != ROLLUP
        for expected in matrix.cells.values()
        if expected.state in states
    }
    last = {
        ledger_entry.key: ledger_entry
        for ledger_entry in (*inputs.refused_below, *inputs.ledger_entries)
        if ledger_entry.key in keys and ledger_entry.verdict in _STATE_VERDICTS
    }
    return iter(last.values())


def _register_rows(ctx: ReportContext) -> Iterator[Row]:
    """Yield the lists of the register as rows of its form."""
    register = ctx.inputs.register
    for name in rollup_form.REGISTER_LISTS:
        for record in getattr(register, name):
            values = {
                attribute.name.rstrip("_"): getattr(record, attribute.name)
                for attribute in fields(record)
                if attribute.name not in rollup_form.KEPT_AT_HOME
            }
            yield Row(name, "", 0, values, {})


class _HiddenSheet:
    """The hidden sheet, filled from above: the heading, then one section under another."""

    def __init__(self, ctx: ReportContext, form: Form, placed_sections: Collection[str]) -> None:
        self.ctx, self.form, self.placed_sections = ctx, form, placed_sections
        self.raw = ctx.writer.add_hidden_sheet(rollup_form.HIDDEN_SHEET)
        self.row = 0

    def write(self, rows: Iterable[Row]) -> None:
        """Write the heading and every section that is not on a data sheet."""
        office, period = self.ctx.inputs.register.root(), self.ctx.figures.period
        office_text = f"{office.code}{CODE_SEPARATOR}{office.name}"
        head = {"branch": office_text, "period": period.title("vi"), "assigned": None}
        self._write_card("head", head)
        by_section: dict[str, list[Row]] = {}
        for row in rows:
            by_section.setdefault(row.section, []).append(row)
        self._write_card(rollup_form.ORIGIN, by_section[rollup_form.ORIGIN][0].values)
        for section in self.form.sections:
            is_owed = section.switch is None and section.id not in self.placed_sections
            if section.layout == "table" and is_owed:
                self._write_table(section, by_section.get(section.id, []))
        self.raw.flush()

    def _write_card(self, name: str, values: Mapping[str, Value]) -> None:
        self._write_line(f"{name}:start", VALUE_MARKER)
        for field, value in values.items():
            self._write_line(field, value)
        self._write_line(f"{name}:end")

    def _write_table(self, section: Section, rows: Iterable[Row]) -> None:
        ids = [field.id for field in section.fields]
        self._write_line(f"{section.id}:start", *ids)
        for row in rows:
            self._write_line("", *(row.values.get(name) for name in ids))
        self._write_line(f"{section.id}:end")

    def _write_line(self, *cells: Value) -> None:
        for column, value in enumerate(cells):
            self._write_cell(column, value)
        self.row += 1

    def _write_cell(self, column: int, value: Value) -> None:
        match value:
            case str():
                self.raw.write_string(self.row, column, to_cell_text(value))
            case date():
                day = datetime.combine(value, time())
                self.raw.write_datetime(self.row, column, day, self.ctx.writer.format("date"))
            case int() | float():
                self.raw.write_number(self.row, column, value)
