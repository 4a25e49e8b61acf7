"""Turns failures into findings at cells; leaves out cells that are wrong already.

A rule applies only to cells that are right by themselves. A cell that could not be read, is blank
though required, or has day and month swapped gets that one finding, and the rules that look at it
add none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mlay_batch.checks.failures import Failure
from mlay_batch.core.findings import Finding, Place, Severity, column_letters, split_cell
from mlay_batch.model.records import Row, Submission
from mlay_batch.schema.checks import CHECKS, REPORTER
from mlay_batch.schema.computed import is_computed
from mlay_batch.schema.model import Form, Rule, Section

Cell = tuple[str, str]
_UNREAD_CODES = ("R22", "R23", "R33")
_MARKING_CODES = ("C16", "C30", "F17", "F18")
"""Codes of findings about several cells, all of which are wrong."""
_HIDDEN_CODES = ("C17", "C18")
"""Codes of hidden rows and columns, whose values are right by themselves."""
_WHOLE_RETURN_CHECKS = ("rows_at_least", "rows_at_most")


def cell_of(place: Place) -> Cell:
    """Return sheet and cell."""
    return place.sheet, place.cell


def wrong_cells(findings: Iterable[Finding]) -> frozenset[Cell]:
    """Return the cells with a wrong value: of merged cells and of rows told as a whole all."""
    return frozenset(
        cell_of(place)
        for finding in findings
        if is_wrong_value(finding)
        for place in (finding.place, *(finding.marks if finding.code in _MARKING_CODES else ()))
    )


def with_computed_cells(
    cells: frozenset[Cell], submission: Submission, form: Form
) -> frozenset[Cell]:
    """Return wrong `cells` with the computed ones that follow from them."""
    result = set(cells)
    for section in form.sections if cells else ():
        computed = [(field.id, field.compute) for field in section.fields if field.compute]
        for row in submission.section_rows(section.id) if computed else ():
            for name, compute in computed:
                parts = [*compute.sum, *compute.less, str(compute.of)]
                if any(cell_of(row.place(n)) in result for n in parts if n in row.cells):
                    result.add(cell_of(row.place(name)))
    return frozenset(result)


def is_wrong_value(finding: Finding) -> bool:
    """Whether the value of the finding's cell cannot be used."""
    return finding.is_error and finding.code not in _HIDDEN_CODES


def unread_sections(findings: Iterable[Finding]) -> frozenset[str]:
    """Return the sections that could not be read."""
    return frozenset(
        str(finding.params["field"]) for finding in findings if finding.code in _UNREAD_CODES
    )


def to_finding(failure: Failure, section: Section, row: Row) -> Finding:
    """Return the finding of a failure, at the first marked cell that exists and is typed into."""
    rule = failure.rule
    default_mark = section.unique if failure.code == "F08" else (failure.field,)
    typed = [
        name
        for name in (rule.mark if rule else default_mark)
        if name in row.cells and not is_computed(section.field(name), row.cells)
    ]
    fields = [name for name in typed if name not in section.inherits] or typed
    places = [row.place(name) for name in fields] or [Place("", row.sheet)]
    return Finding(
        failure.code,
        rule.severity if rule else Severity.ERROR,
        places[0],
        {
            "field": f"{section.id}.{failure.field}",
            **failure.params,
            **_other_record(failure, section),
        },
        tuple(places),
    )


def _other_record(failure: Failure, section: Section) -> Mapping[str, str]:
    """Return the column that a failure of columns calls a row."""
    number = failure.params.get("row")
    if section.layout != "columns" or not isinstance(number, int):
        return {}
    return {"row": column_letters(number)}


def is_reliable(
    failure: Failure,
    section: Section,
    row: Row,
    submission: Submission,
    bad_cells: frozenset[Cell],
    unread: frozenset[str] = frozenset(),
) -> bool:
    """Whether every cell the failed check looks at exists and is right by itself.

    No cell of a section in `unread` is.
    """
    if failure.rule is None:
        is_typed = not is_computed(section.field(failure.field), row.cells)
        return is_typed and _is_right(row, failure.field, bad_cells)
    return all(
        operand_row is not None and _is_right(operand_row, name, bad_cells)
        for operand_row, name in _operands(failure.rule, section, row, submission)
    ) and not unread.intersection(_other_sections(failure.rule))


def _is_right(row: Row, name: str, bad_cells: frozenset[Cell]) -> bool:
    """Whether the row has a value by itself, or a cell for one that is right."""
    if name not in row.cells:
        return row.values.get(name) is not None
    return cell_of(row.place(name)) not in bad_cells


def _other_sections(rule: Rule) -> Iterator[str]:
    """Yield the other sections a rule looks at."""
    for key, kind in CHECKS[rule.check].params.items():
        if kind in ("other", "others", "given"):
            yield from (name.partition(".")[0] for name in _names(rule.params.get(key)))


def _operands(
    rule: Rule, section: Section, row: Row, submission: Submission
) -> Iterator[tuple[Row | None, str]]:
    """Yield row and field of every operand; a row of None is a missing card."""
    for key, kind in CHECKS[rule.check].params.items():
        for name in _names(rule.params.get(key)):
            if kind in ("field", "fields") or (kind == "given" and "." not in name):
                rule_rows = (
                    submission.section_rows(section.id)
                    if rule.check in _WHOLE_RETURN_CHECKS
                    else (row,)
                )
                yield from ((operand_row, name) for operand_row in rule_rows)
            elif kind in ("other", "others", "given"):
                section_id, _, field = name.partition(".")
                rows: tuple[Row | None, ...] = submission.section_rows(section_id)
                no_row: tuple[Row | None, ...] = (None,) if kind == "others" else ()
                yield from ((operand_row, field) for operand_row in rows or no_row)
    if rule.check == "ref_fits":
        yield from (
            (operand_row, rule.params["value"])
            for operand_row in _ref_rows(rule, row, section, submission)
        )


def _ref_rows(rule: Rule, row: Row, section: Section, submission: Submission) -> Iterator[Row]:
    """Yield the row of the same section that the row's `ref` names."""
    for other in submission.section_rows(section.id):
        if other.values.get(rule.params["key"]) == row.values.get(rule.params["ref"]):
            yield other


def _names(param: Any) -> tuple[str, ...]:
    if param is None:
        return ()
    return (
        (param,)
        if isinstance(param, str)
        else tuple(name for name in map(str, param) if name != REPORTER)
        if _is_collection(param)
        else ()
    )


def _is_collection(param: Any) -> bool:
    return isinstance(param, list | tuple | dict)


def sort_findings(findings: Iterable[Finding], submission: Submission) -> tuple[Finding, ...]:
    """Return the findings in reading order: sheet by sheet, top to bottom, left to right."""
    sheets = {row.sheet: number for number, row in reversed(list(enumerate(submission.rows)))}

    def position(finding: Finding) -> tuple[int, int, int, str, str]:
        letters, number = split_cell(finding.place.cell) or ("", 0)
        return sheets.get(finding.place.sheet, 0), number, len(letters), letters, finding.code

    return tuple(sorted(findings, key=position))
