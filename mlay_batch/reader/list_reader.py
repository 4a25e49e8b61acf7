"""Reads a list of an office's own: one submission for the rows of each branch and month.

A list is a container. What is wrong with the list as a whole is told with its first branch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mlay_batch.core.findings import Finding, Place, Severity, split_cell
from mlay_batch.core.period import Period
from mlay_batch.core.text import name_key
from mlay_batch.core.xml_parser import UnreadableError
from mlay_batch.model.records import HeaderValue, Submission
from mlay_batch.reader.cell_metadata import CellPosition, Limits, a1
from mlay_batch.reader.cells import SectionResults, find_hidden, read_section
from mlay_batch.reader.form_stamp import StampedWorkbook
from mlay_batch.reader.grid import RawValue, Sheet
from mlay_batch.reader.list_groups import ListGroup, divide, titles_of
from mlay_batch.reader.list_table import ListTable, find_tables
from mlay_batch.reader.section_finder import Block
from mlay_batch.reader.unexpected_cells import find_drawings, find_notes, find_out_of_range
from mlay_batch.reader.values import display_text, is_blank
from mlay_batch.schema.model import Field, Form, Section

UNREAD_COLUMN, WITHOUT_ROWS, UNREAD_NOTE, TOO_MANY = "R48", "R49", "R50", "R51"
_MARKS = frozenset({"true", "x", "xx", "v", "✓", "✔", "√", "ü", "1", "+", "*", "•", "●", "có"})
_NO_MARKS = frozenset({"false", "", "-", "–", "—", "0", "không", "/"})
_POINTS = re.compile(r"([0-9]{1,3}(?:,[0-9]{1,2})?) ?(?:điểm|đ)\.?", re.IGNORECASE)
_DAY = re.compile(r"([0-9]{1,2})(?: ?[/.-] ?([0-9]{1,2}))?")
_PAIR = re.compile(r"([0-9]{1,5}) ?/ ?([0-9]{1,5})")
_MAX_NOTES = 50  # rows below a table that are told one by one
_MAX_QUOTE = 200  # characters of a note that are quoted


def read_list(
    forms: Sequence[Form], workbook: StampedWorkbook, limits: Limits
) -> Submission | None:
    """Return a workbook as a list, with a member for each branch and month; None if it is none.

    UnreadableError R25 where it may be one of several lists, R27 for two columns of one field, R51
    for more branches than a file may hold.
    """
    located = [(form, tables) for form in forms if (tables := find_tables(form, workbook.sheets))]
    if not located:
        return None
    most = max(_column_count(tables) for _, tables in located)
    best = [(form, tables) for form, tables in located if _column_count(tables) == most]
    if len(best) > 1:
        raise UnreadableError("R25")
    ((form, tables),) = best
    return _ListReader(form, tables, workbook, limits).read()


def _column_count(tables: Sequence[ListTable]) -> int:
    return max(len(table.columns) for table in tables)


@dataclass(frozen=True)
class _ListReader:
    form: Form
    tables: Sequence[ListTable]
    workbook: StampedWorkbook
    limits: Limits

    def read(self) -> Submission:
        """Return the list with its members."""
        titles = titles_of(self.tables)
        groups = divide(self.form, self.tables, titles)
        if len(groups) > self.limits.entries:
            raise UnreadableError(TOO_MANY, count=len(groups), limit=self.limits.entries)
        months = (Period.parse(month.text) if month else None for month, _ in titles)
        sheets = {id(t.sheet): replace(t.sheet, rows=list(t.sheet.rows)) for t in self.tables}
        rewritten = {
            id(table): _rewrite(table, month, sheets[id(table.sheet)])
            for table, month in zip(self.tables, months, strict=True)
        }
        members = [self._member(group, rewritten) for group in groups]
        members = _attach(self._list_findings(), groups, members)
        empty = Submission(None, self.form.form, self.form.version)
        if members:
            return replace(empty, members=tuple(members))
        first = self.tables[0]
        place = Place("", first.sheet.title, a1((first.head.start, first.branch_column)))
        return replace(empty, findings=(Finding(WITHOUT_ROWS, Severity.ERROR, place),))

    def _member(self, group: ListGroup, rewritten: Mapping[int, _Rewritten]) -> Submission:
        results, blocks = SectionResults(), []
        for table in group.tables:
            rows, copy = group.rows_of(table), rewritten[id(table)]
            for section in self.form.sections:
                records = tuple(_records(section, table, copy, rows))
                bounds = rows[0], min(table.columns), rows[-1], max(table.columns)
                block = Block(_stored(section), copy.sheet, records, bounds)
                of_section = SectionResults()
                read_section(block, self.form, self.limits.text, of_section)
                results.rows.extend(of_section.rows)
                results.findings.extend(_as_hints(section, of_section.findings))
                blocks.append(block)
            results.findings.extend(_double_marks(table, copy, rows))
            results.findings.extend(_differing_counts(self.form, table, rows))
        results.findings.extend(_hidden(blocks, self.form))
        header = {
            "branch": HeaderValue(group.name, group.name_place),
            "above": HeaderValue(group.above, group.name_place),
        }
        if group.period:
            header["period"] = group.period
        return Submission(
            None,
            self.form.form,
            self.form.version,
            header,
            tuple(results.rows),
            tuple(dict.fromkeys(results.findings)),
            part=group.part,
        )

    def _list_findings(self) -> Iterator[Finding]:
        """Yield what is on the sheets beside the tables, and sheets that are not read."""
        for table in self.tables:
            for position, words in table.unread_columns():
                yield _warning(UNREAD_COLUMN, table.sheet, position, value=words)
            notes = list(table.notes.items())
            for row, words in notes[:_MAX_NOTES]:
                yield _warning(UNREAD_NOTE, table.sheet, (row, 1), value=words[:_MAX_QUOTE])
            if rest := notes[_MAX_NOTES:]:
                yield _warning(UNREAD_NOTE, table.sheet, (rest[0][0], 1), value=f"… (+{len(rest)})")
        our_texts = frozenset(map(name_key, self.workbook.template_texts))
        for sheet in {id(table.sheet): table.sheet for table in self.tables}.values():
            yield from find_out_of_range(sheet)
            yield from find_notes(sheet, our_texts)
            yield from find_drawings(sheet)
        yield from self._other_sheets()

    def _other_sheets(self) -> Iterator[Finding]:
        """Yield C21 for a sheet with something on it and no table, R45 for a hidden one."""
        with_tables = {id(table.sheet) for table in self.tables}
        is_ours = self.workbook.stamp is not None  # with sheets that the program wrote
        sheets = () if is_ours else (*self.workbook.sheets, *self.workbook.hidden_sheets)
        for sheet in sheets:
            if sheet.filled_cells and id(sheet) not in with_tables:
                first, count = min(sheet.filled_cells), len(sheet.filled_cells)
                if sheet.is_visible:
                    yield _warning("C21", sheet, first, count=count)
                else:
                    yield _warning("R45", sheet, first, count=count, cell=a1(first))


def _warning(code: str, sheet: Sheet, position: CellPosition, **params: str | int) -> Finding:
    return Finding(code, Severity.WARNING, Place("", sheet.title, a1(position)), params)


def _attach(
    findings: Iterable[Finding], groups: Sequence[ListGroup], members: Sequence[Submission]
) -> list[Submission]:
    """Return the members with what concerns their rows; the first has what concerns none."""
    owners = {
        (table.sheet.title, row): number
        for number, group in enumerate(groups)
        for table, row in group.rows
    }
    by_member: dict[int, list[Finding]] = {}
    for finding in findings:
        cell = split_cell(finding.place.cell)
        is_of_list = finding.code in (UNREAD_COLUMN, UNREAD_NOTE)
        key = finding.place.sheet, cell[1] if cell and not is_of_list else 0
        by_member.setdefault(owners.get(key, 0), []).append(finding)
    return [
        replace(member, findings=(*member.findings, *by_member.get(number, ())))
        for number, member in enumerate(members)
    ]


# Cells


@dataclass(frozen=True)
class _Rewritten:
    """A sheet of a list as a form would have it: words for marks, one number for "18/18".

    Attributes:
        sheet: the sheet; all else is where it was.
        marked: the marked columns of each choice, by row, then path of the field.
    """

    sheet: Sheet
    marked: Mapping[int, Mapping[str, Sequence[int]]]


def _rewrite(table: ListTable, month: Period | None, copy: Sheet) -> _Rewritten:
    """Rewrite a table, in the copy of its sheet, of the month of its title; None: of none."""
    marked: dict[int, dict[str, list[int]]] = {}
    for row in table.rows:
        cells = copy.rows[row - 1] = list(copy.rows[row - 1])
        for column, heading in table.columns.items():
            raw = table.sheet.value_at((row, column))
            if heading.choice:
                raw = _as_choice(raw, heading.choice.title.vi)
                if not is_blank(raw):
                    marked.setdefault(row, {}).setdefault(heading.path, []).append(column)
            elif heading.field.type in ("integer", "number"):
                raw = _single_number(raw, heading.field)
            elif heading.field.type == "date" and month:
                raw = _full_date(raw, month)
            if column <= len(cells):
                cells[column - 1] = raw
    return _Rewritten(copy, marked)


def _as_choice(raw: RawValue, title: str) -> RawValue:
    """Return the value that a mark in a column stands for; words other than a mark stay.

    They are no value of the choice, which the reader then says.
    """
    text = name_key(display_text(raw))
    if text in _NO_MARKS:
        return ""
    return title if text in _MARKS else raw


def _full_date(raw: RawValue, month: Period) -> RawValue:
    """Return the day of "15" or "15/6" in a list of June; any other cell as it is.

    >>> _full_date("15/6", Period(2026, 6)), _full_date("15/7", Period(2026, 6))
    (datetime.date(2026, 6, 15), '15/7')
    """
    match = _DAY.fullmatch(display_text(raw)) if type(raw) in (str, int, float) else None
    if match is None or int(match[2] or month.month) != month.month:
        return raw
    day = int(match[1])
    return month.start.replace(day=day) if 0 < day <= month.end.day else raw


def _single_number(raw: RawValue, field: Field) -> RawValue:
    """Return the number of "18/18" of a count, of "92/100", "92 điểm" of points; else `raw`."""
    text = display_text(raw) if isinstance(raw, str) else ""
    if with_unit := _POINTS.fullmatch(text):
        return with_unit[1]
    match = _PAIR.fullmatch(text)
    if match is None:
        return raw
    first, second = int(match[1]), int(match[2])
    return float(first) if second == (first if field.type == "integer" else field.max) else raw


def _stored(section: Section) -> Section:
    """Return a section without the column that names the branch: the return knows its own."""
    return replace(section, fields=tuple(f for f in section.fields if f.id != section.branch))


def _records(
    section: Section, table: ListTable, copy: _Rewritten, rows: Sequence[int]
) -> Iterator[Mapping[str, CellPosition]]:
    """Yield the cells of each record by field: one a row, of a card one a branch."""
    base = table.base
    if section.layout == "card":
        record = {
            field.id: _first_filled(table, columns[0], rows)
            for field in section.fields
            if (columns := table.columns_of(f"{section.id}.{field.id}"))
        }
        yield from [record] if record else ()
        return
    for row in rows:
        record, row_marks = {}, copy.marked.get(row, {})
        for field in section.fields:
            owner = base.id if field.id in section.inherits else section.id
            if field.id != section.branch and (cells := table.columns_of(f"{owner}.{field.id}")):
                marked = row_marks.get(f"{owner}.{field.id}", ())
                if len(marked) < 2:
                    record[field.id] = row, (*marked, *cells)[0]
        yield record


def _first_filled(table: ListTable, column: int, rows: Sequence[int]) -> CellPosition:
    filled = (row for row in rows if not is_blank(table.sheet.value_at((row, column))))
    return next(filled, rows[0]), column


def _as_hints(section: Section, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings; of a card as warnings: no figure counts what a list says of members."""
    for finding in findings:
        is_hint = section.layout == "card" and finding.is_error
        yield replace(finding, severity=Severity.WARNING) if is_hint else finding


def _hidden(blocks: Iterable[Block], form: Form) -> Iterator[Finding]:
    """Yield C17, C18 for hidden rows and columns with figures, once for all sections of a row."""
    seen: set[tuple[str, str, object]] = set()
    for block in blocks:
        own_columns = replace(block, section=replace(block.section, under=None))
        for finding in _as_hints(block.section, find_hidden([own_columns], form)):
            number = finding.params.get("row") or finding.params.get("column")
            key = finding.code, finding.place.sheet, number
            if number and key not in seen:
                seen.add(key)
                yield finding


def _double_marks(table: ListTable, copy: _Rewritten, rows: Sequence[int]) -> Iterator[Finding]:
    """Yield C39 where a row is marked in two columns of one choice: none of them is taken."""
    for row in rows:
        for path, columns in copy.marked.get(row, {}).items():
            if len(columns) > 1:
                places = [Place("", table.sheet.title, a1((row, column))) for column in columns]
                yield Finding("C39", Severity.WARNING, places[0], {"field": path}, tuple(places))


def _differing_counts(form: Form, table: ListTable, rows: Sequence[int]) -> Iterator[Finding]:
    """Yield C40 where the rows of a branch say different things of it: the first counts."""
    for section in form.sections:
        for field in section.fields if section.layout == "card" else ():
            path = f"{section.id}.{field.id}"
            for column in table.columns_of(path):
                texts = [display_text(table.sheet.value_at((row, column))) for row in rows]
                different = dict.fromkeys(text for text in texts if text)
                if len(different) > 1:
                    first = _first_filled(table, column, rows)
                    params = {"field": path, "values": ", ".join(different)}
                    yield _warning("C40", table.sheet, first, **params)
