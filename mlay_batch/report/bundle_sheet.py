"""What makes the workbook a return to the level above: a stamp, machine ids, what nobody prints.

The data sheets people see are the ones that are read: each gets a hidden row of field ids above
its heading and markers in a hidden column right of it. The lists that are on no sheet, and the
index of the returns with their hashes, go onto a hidden sheet laid out like a form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import date, datetime, time

from mlay_batch import bundle
from mlay_batch.excel.text import to_cell_text
from mlay_batch.figures.records import Facts, Figures
from mlay_batch.layout import CODE_SEPARATOR, STAMP_SHEET, VALUE_MARKER
from mlay_batch.records import Delivery, Row, Value, Verdict, values_hash
from mlay_batch.report.book import Sheet
from mlay_batch.report.context import Context, Provenance
from mlay_batch.report.data_sheets import returns_of
from mlay_batch.report.tables import HEAD_ROW, Table
from mlay_batch.schema import Form, Section
from mlay_batch.schema.families import families

_IDS = HEAD_ROW - 1
_TELLS_STATE = (Verdict.REJECTED, Verdict.HELD)


def form_of(ctx: Context) -> Form:
    """Return the form by which the level above reads the workbook."""
    kind = ctx.figures.period.kind
    return next(form for form in bundle.forms(ctx.facts.catalogue) if form.period == kind)


def write(ctx: Context, provenance: Provenance) -> None:
    """Stamp the workbook, write what is carried on no data sheet."""
    form = form_of(ctx)
    lists = [*_index(ctx), *_register(ctx)]
    made = {
        "as_of": provenance.as_of.isoformat(), "program": provenance.program,
        "figures": provenance.figures, "sums": provenance.sums,
    }  # fmt: skip
    signed = made | {"lists": bundle.lists_hash([Row(bundle.MADE, "", 0, made, {}), *lists])}
    _Hidden(ctx, form).write([Row(bundle.MADE, "", 0, signed, {}), *lists])
    top = ctx.facts.register.top().code
    stamp = {"mark": "mlay-batch", "form": form.form, "version": form.version,
             "branch": top, "period": str(ctx.figures.period)}  # fmt: skip
    raw = ctx.book.hidden(STAMP_SHEET)
    for number, pair in enumerate(stamp.items()):
        raw.write_row(number, 0, pair)


def mark(sheet: Sheet, table: Table) -> None:
    """Write the ids of a table over its heading and its markers right of it, both hidden."""
    raw, aside = sheet.raw, len(table.columns)
    raw.set_row(_IDS, None, None, {"hidden": True})
    raw.set_column(aside, aside, None, None, {"hidden": True})
    for column, entry in enumerate(table.columns):
        raw.write_string(_IDS, column, entry.id)
    below = table.row_of(max(len(table.rows), 1))
    for row, marker in ((_IDS, "start"), (HEAD_ROW, "head"), (below, "end")):
        raw.write_string(row, aside, f"{table.name}:{marker}")


def _index(ctx: Context) -> Iterator[Row]:
    """Yield a row for each return the data sheets hold, and for each that was refused or waits."""
    facts = ctx.facts
    first = _first_received(facts)
    for family in families(facts.catalogue):
        for found in returns_of(ctx, family[0]):
            told = found.delivery
            received = first.get(told.key, told.received)
            yield _listed(told, received=received, values=values_hash(found.rows))
    for told in _refused(facts, ctx.figures):
        yield _listed(told, received=told.received, state=told.verdict.value)


def _listed(told: Delivery, **more: Value) -> Row:
    form, branch, period = told.key or ("", "", "")
    key = {"form": form, "version": told.version, "branch": branch, "period": period}
    return Row(bundle.RETURNS, "", 0, key | more, {})


def _first_received(facts: Facts) -> Mapping[object, str]:
    """Return when the first accepted return of each key came: a correction is not late."""
    first: dict[object, str] = {}
    for told in facts.deliveries:
        if told.verdict is Verdict.ACCEPTED:
            first[told.key] = min(first.get(told.key, told.received), told.received)
    return first


def _refused(facts: Facts, figures: Figures) -> Iterator[Delivery]:
    """Yield the refused or held delivery behind every such field of the matrix."""
    states = {state.value for state in _TELLS_STATE}
    wanted = {
        (field.form, field.branch, str(field.period))
        for entry in figures.completeness
        if entry.form != bundle.FORM
        for field in entry.cells.values()
        if field.state in states
    }
    last = {told.key: told for told in (*facts.told, *facts.deliveries)
            if told.key in wanted and told.verdict in _TELLS_STATE}  # fmt: skip
    return iter(last.values())


def _register(ctx: Context) -> Iterator[Row]:
    """Yield the lists of the register as rows of its form."""
    register = ctx.facts.register
    for name in bundle.LISTS:
        for entry in getattr(register, name):
            values = {f.name.rstrip("_"): getattr(entry, f.name) for f in fields(entry)}
            yield Row(name, "", 0, values, {})


class _Hidden:
    """The hidden sheet, filled from above: the heading, then one section under another."""

    def __init__(self, ctx: Context, form: Form) -> None:
        self.ctx, self.form = ctx, form
        self.raw = ctx.book.hidden(bundle.SHEET)
        self.row = 0

    def write(self, rows: Iterable[Row]) -> None:
        """Write the heading and every section that is not on a data sheet."""
        top, period = self.ctx.facts.register.top(), self.ctx.figures.period
        shown = f"{top.code}{CODE_SEPARATOR}{top.name}"
        head = {"branch": shown, "period": period.title("vi"), "assigned": None}
        self._card("head", head)
        kept: dict[str, list[Row]] = {}
        for row in rows:
            kept.setdefault(row.section, []).append(row)
        self._card(bundle.MADE, kept[bundle.MADE][0].values)
        for name in (bundle.RETURNS, *bundle.LISTS):
            self._table(self.form.section(name), kept.get(name, []))
        self.raw.settle()

    def _card(self, name: str, values: Mapping[str, Value]) -> None:
        self._line(f"{name}:start", VALUE_MARKER)
        for field, value in values.items():
            self._line(field, value)
        self._line(f"{name}:end")

    def _table(self, section: Section, rows: Iterable[Row]) -> None:
        ids = [entry.id for entry in section.fields]
        self._line(f"{section.id}:start", *ids)
        for row in rows:
            self._line("", *(row.values.get(name) for name in ids))
        self._line(f"{section.id}:end")

    def _line(self, *cells: Value) -> None:
        for column, value in enumerate(cells):
            self._cell(column, value)
        self.row += 1

    def _cell(self, column: int, value: Value) -> None:
        match value:
            case str():
                self.raw.write_string(self.row, column, to_cell_text(value))
            case date():
                day = datetime.combine(value, time())
                self.raw.write_datetime(self.row, column, day, self.ctx.book.format("date"))
            case int() | float():
                self.raw.write_number(self.row, column, value)
