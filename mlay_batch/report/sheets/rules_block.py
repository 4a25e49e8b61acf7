"""Which rules bite: how often each was broken in the period, by how many branches, and explained.

A rule that warns in most branches says more about itself, or about the form, than about them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from operator import attrgetter

from mlay_batch.core.findings import Finding, Place
from mlay_batch.core.messages import explain
from mlay_batch.figures.return_findings import ReturnFinding, return_findings
from mlay_batch.report import letterhead, tables
from mlay_batch.report.formulas import quote
from mlay_batch.report.listing import Column, Heads, Listing, number_column, titled_column
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import DataColumn, DataTable, data_column, data_table
from mlay_batch.report.writer import SheetWriter
from mlay_batch.schema import Form
from mlay_batch.schema.markdown import open_gaps

_MAX_NAMES = 6  # branches that are named; the data sheet names all


@dataclass(frozen=True)
class _Rule:
    """A rule with what it found.

    Attributes:
        ctx: the report.
        findings: at least one, all of one code, severity and form.
    """

    ctx: ReportContext
    findings: tuple[ReturnFinding, ...]

    @property
    def code(self) -> str:
        """Code of the rule."""
        return self.findings[0].finding.code

    @property
    def severity(self) -> str:
        """Whether it refuses, warns, or is on trial."""
        return self.ctx.t(f"severity.{self.findings[0].finding.severity}")

    @cached_property
    def branches(self) -> tuple[str, ...]:
        """Codes of the branches it bit, each once."""
        codes = (finding.entry.branch for finding in self.findings)
        return tuple(dict.fromkeys(filter(None, codes)))

    @property
    def explained(self) -> int:
        """Number of findings that were answered."""
        return sum(finding.answer is not None for finding in self.findings)

    @property
    def unexplained(self) -> int:
        """Number of findings that wait for an answer."""
        return sum(finding.is_open for finding in self.findings)

    @property
    def words(self) -> str:
        """What it says, of any return."""
        first = self.findings[0]
        finding = Finding(self.code, first.finding.severity, Place())
        form = _form_of(self.ctx, first)
        return open_gaps(explain(finding, form, self.ctx.lang).what)

    @property
    def names(self) -> str:
        """In which branches, the first of them."""
        names = "; ".join(map(self.ctx.name, self.branches[:_MAX_NAMES]))
        more = len(self.branches) - _MAX_NAMES
        return self.ctx.t("rules.more", names=names, count=more) if more > 0 else names


def write(ctx: ReportContext, sheet: SheetWriter, row: int, split: int) -> int:
    """Write the block from a row on, and the data sheet it counts; return the last row.

    Without any finding nothing is written.
    """
    findings = tuple(return_findings(ctx.inputs, ctx.figures.period, ctx.figures.warnings))
    if not findings:
        return row - 2
    table = _write_data(ctx, findings)
    sheet.write(row, 0, ctx.t("rules.title"), "section", span=8)
    sheet.write(row + 1, 0, ctx.t("rules.note"), "note", span=8)
    heads = Heads(titles=1, is_numbered=False)
    listing = Listing(ctx, sheet, tuple(_columns(ctx, table)), split - 1, row + 2, heads=heads)
    listing.write_heads()
    listing.write_rows(_rules(ctx, findings))
    return listing.next_row - 1


def _rules(ctx: ReportContext, findings: Sequence[ReturnFinding]) -> list[_Rule]:
    """Return the rules that found anything, those that bit most branches first."""
    groups: dict[tuple[str, ...], list[ReturnFinding]] = {}
    for finding in findings:
        key = finding.entry.form or "", finding.finding.code, finding.finding.severity.value
        groups.setdefault(key, []).append(finding)
    rules = [_Rule(ctx, tuple(group)) for group in groups.values()]
    return sorted(rules, key=lambda rule: (-len(rule.branches), -len(rule.findings), rule.code))


def _columns(ctx: ReportContext, table: DataTable) -> Iterator[Column[_Rule]]:
    column = partial(titled_column, ctx)

    def counted(rule: _Rule, **conditions: str) -> str:
        form = rule.findings[0].entry.form or ""
        return table.countifs(
            code=quote(rule.code), severity=quote(rule.severity), form=quote(form), **conditions
        )

    def first(rule: _Rule) -> str:
        return counted(rule, first="1")

    def explained(rule: _Rule) -> str:
        return counted(rule, answered=quote(ctx.t("answer.yes")))

    def unexplained(rule: _Rule) -> str:
        return counted(rule, answered=quote(ctx.t("answer.no")))

    # as wide as the columns of the list above, over which these span
    yield number_column(ctx)
    yield column("column.code", 13, attrgetter("code"), "center")
    yield column("column.rule", 53, attrgetter("words"))
    yield column("column.severity", 12, attrgetter("severity"), "center")
    yield column("column.times", 12, lambda rule: len(rule.findings), "center", counted)
    yield column("column.branches", 7, lambda rule: len(rule.branches), "center", first)
    yield column("column.where", 70, attrgetter("names"))
    yield column("column.explained", 28, attrgetter("explained"), "center", explained)
    yield column("column.unexplained", 9, attrgetter("unexplained"), "center", unexplained)


@dataclass(frozen=True)
class _DataRow:
    """A finding; `is_first` says whether it is the first of its rule in the branch."""

    return_finding: ReturnFinding
    is_first: bool


def _data_rows(findings: Sequence[ReturnFinding]) -> Iterator[_DataRow]:
    seen: set[tuple[str | None, ...]] = set()
    for return_finding in findings:
        entry, finding = return_finding.entry, return_finding.finding
        key = entry.branch, entry.form, finding.code, finding.severity.value
        yield _DataRow(return_finding, entry.branch is not None and key not in seen)
        seen.add(key)


def _write_data(ctx: ReportContext, findings: Sequence[ReturnFinding]) -> DataTable:
    """Write the data sheet with every finding of the period, and return its table."""
    table = data_table(ctx, "findings", _data_columns(ctx), _data_rows(findings))
    sheet = ctx.writer.add_sheet(table.title, table.note)
    tables.write(ctx.writer, sheet, table, letterhead.back_link(ctx))
    return table


def _data_columns(ctx: ReportContext) -> Iterator[DataColumn[_DataRow]]:
    column = partial(data_column, ctx)

    def severity(row: _DataRow) -> str:
        return ctx.t(f"severity.{row.return_finding.finding.severity}")

    def what(row: _DataRow) -> str:
        return explain(row.return_finding.finding, _form_of(ctx, row.return_finding), ctx.lang).what

    def answered(row: _DataRow) -> str | None:
        if row.return_finding.answer:
            return ctx.t("answer.yes")
        return ctx.t("answer.no") if row.return_finding.is_open else None

    def words(row: _DataRow) -> str | None:
        return row.return_finding.answer.words if row.return_finding.answer else None

    yield column("branch", "center", attrgetter("return_finding.entry.branch"))
    yield column("branch_name", "text", lambda row: ctx.name(row.return_finding.entry.branch))
    yield column(
        "period_title", "center", lambda row: ctx.period_title(row.return_finding.entry.period)
    )
    yield column("code", "center", attrgetter("return_finding.finding.code"))
    yield column("severity", "center", severity)
    yield column("what", "text", what)
    yield column("source", "text", lambda row: tables.place_text(row.return_finding.finding.place))
    yield column("first", "integer", lambda row: int(row.is_first))
    yield column("answered", "center", answered)
    yield column("words", "text", words)
    yield column("delivery", "link", lambda row: ctx.file_link(row.return_finding.entry.id))
    yield column("form", "text", attrgetter("return_finding.entry.form"), hidden=True)


def _form_of(ctx: ReportContext, finding: ReturnFinding) -> Form | None:
    entry = finding.entry
    return ctx.inputs.catalogue.form(entry.form, entry.version)
