"""A branch's year on one page of A4, to be taken to the talk with its secretary.

What it met, who attended, what it scored, what ought to be asked, and how its returns came in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mlay_batch.figures.records import Facts, Figures
from mlay_batch.figures.sign_records import BranchYear, Met, Sighting
from mlay_batch.findings import Finding, Severity
from mlay_batch.messages import explain
from mlay_batch.names import runs
from mlay_batch.period import Period
from mlay_batch.records import Delivery, Verdict
from mlay_batch.register import Organisation
from mlay_batch.report import official
from mlay_batch.report.book import Book, Content, Sheet
from mlay_batch.report.context import Context
from mlay_batch.report.seen import words, worst_first

_COLUMNS = (
    "month", "held_on", "kind", "expected_present", "present", "share", "minutes", "speakers",
    "own", "confirmed", "level", "visitors",
)  # fmt: skip
_WIDTHS = (7, 11, 17, 7, 7, 7, 7, 7, 7, 7, 11, 27)
_LOOKS = ("center", "date", "text", "count", "count", "points", "count", "count", "score", "score",
          "center", "text")  # fmt: skip
_WIDTH = len(_COLUMNS)
_SPLIT = 6
_SIGNS, _FINDINGS = 8, 6  # lines: more would not fit the page, nor the talk
_SAYING = 7  # columns of what was seen; the rest is what to ask
_ROOM_TO_WRITE = 3  # lines
_LINE = 24  # points: room for handwriting


@dataclass(frozen=True)
class _Page:
    """The page being written."""

    ctx: Context
    sheet: Sheet
    branch: Organisation
    year: BranchYear


def write_page(facts: Facts, figures: Figures, year: BranchYear, branch: str, mark: str,
               lang: str = "vi") -> bytes:  # fmt: skip
    """Return the page of `branch` as a workbook of one sheet; the same inputs give the same bytes.

    `mark` is the fingerprint of the figures, printed below. KeyError for an unknown branch.
    """
    entry = facts.register.by_code[branch]
    book = Book(lang, figures.as_of, mark)
    page = _Page(Context(book, facts, figures), book.sheet(entry.code, ""), entry, year)
    page.sheet.widths(_WIDTHS)
    title = page.ctx.t("page.title", name=entry.name.upper())
    official.heading(page.ctx, page.sheet, _WIDTH, _SPLIT, title)
    row = _lead(page, official.TABLE_ROW)
    for block in (_meetings, _signs, _history, _notes):
        row = block(page, row)
    last = official.signatures(page.ctx, page.sheet, row + 1, _WIDTH, _SPLIT)
    page.sheet.print_as(landscape=False, last=(last, _WIDTH - 1))
    page.sheet.raw.fit_to_pages(1, 1)
    return book.close()


def _lead(page: _Page, row: int) -> int:
    """Write what the branch is, in two lines; return the row after them."""
    ctx, year = page.ctx, page.year
    lines = (
        ctx.t("page.unit", code=page.branch.code, name=page.branch.name,
              parent=ctx.name(page.branch.parent), members=year.members or "–"),
        ctx.t("page.means", held=len(year.met), mean=_one(year.mean), town=_one(year.town_mean),
              share=_one(year.attendance)),
    )  # fmt: skip
    for number, line in enumerate(lines):
        page.sheet.put(row + number, 0, line, "plain", span=_WIDTH)
    return row + len(lines)


def _one(value: float | None) -> object:
    return "–" if value is None else round(value, 1)


def _heading(page: _Page, row: int, key: str) -> int:
    page.sheet.put(row, 0, page.ctx.t(key), "section", span=_WIDTH)
    return row + 1


def _meetings(page: _Page, row: int) -> int:
    """Write a line for every sitting, and one for every month without any."""
    row = _heading(page, row, "page.meetings")
    for column, name in enumerate(_COLUMNS):
        page.sheet.put(row, column, page.ctx.t(f"page.column.{name}"), "head")
    for line in _lines(page):
        row += 1
        if isinstance(line, Met):
            for column, (content, look) in enumerate(zip(_cells(page, line), _LOOKS, strict=True)):
                page.sheet.put(row, column, content, look)
        else:
            month, state = line
            page.sheet.put(row, 0, month.month, "center")
            said = page.ctx.state("return", state)
            page.sheet.put(row, 1, said, "quiet", span=_WIDTH - 1)
    return row + 1


def _lines(page: _Page) -> Iterator[Met | tuple[Period, str]]:
    """Yield the sittings month by month, and months without one with their state."""
    for month in page.ctx.figures.period.year_to_date():
        met = [one for one in page.year.met if one.period == month]
        if met:
            yield from met
        elif month in page.year.states:
            yield month, page.year.states[month]


def _cells(page: _Page, met: Met) -> tuple[Content, ...]:
    ctx = page.ctx
    kinds = ", ".join(ctx.choice("meeting_kind", kind) for kind in met.kinds)
    scheme = ctx.figures.score_scheme
    bands = {band.id: band.title.of(ctx.lang) for band in scheme.bands} if scheme else {}
    visitors = ", ".join(ctx.officer(code) for code in met.visitors)
    return (
        met.period.month, met.held_on, kinds, met.expected, met.present, met.attendance,
        met.minutes, met.speakers, met.own, met.confirmed, bands.get(met.band or ""), visitors,
    )  # fmt: skip


def _signs(page: _Page, row: int) -> int:
    """Write each sign once: in which months, what was seen last, what to ask."""
    row = _heading(page, row, "page.signs")
    by_code: dict[str, list[Sighting]] = {}
    for one in worst_first(page.year.signs):
        by_code.setdefault(one.sign.code, []).append(one)
    for found in list(by_code.values())[:_SIGNS]:
        said = words(page.ctx, found[-1])
        months = _months(one.period for one in found)
        title = found[0].sign.title.of(page.ctx.lang)
        seen = page.ctx.t("page.sign", title=title, months=months, seen=said.what)
        page.sheet.put(row, 0, seen, "text", span=_SAYING)
        page.sheet.put(row, _SAYING, said.fix, "text", span=_WIDTH - _SAYING)
        row += 1
    if not by_code:
        page.sheet.put(row, 0, page.ctx.t("page.no_signs"), "quiet", span=_WIDTH)
        row += 1
    return row


def _months(periods: Iterable[Period]) -> str:
    """Return months as people list them: runs of three or more as one.

    >>> _months(Period(2019, month) for month in (2, 8, 9, 10, 11))
    '2, 8–11'
    """
    return ", ".join(
        f"{first}–{last}" if last - first > 1 else ", ".join(map(str, range(first, last + 1)))
        for first, last in runs(period.month for period in periods)
    )


def _history(page: _Page, row: int) -> int:
    """Write how the returns came in, and what was found in them most often."""
    row = _heading(page, row, "page.history")
    sent = [one for one in page.ctx.facts.deliveries if _of_year(page, one)]
    counts = Counter(one.verdict for one in sent)
    told = page.ctx.t(
        "page.sent", accepted=counts[Verdict.ACCEPTED], rejected=counts[Verdict.REJECTED],
        corrected=sum(one.superseded_by is not None for one in sent),
        late=sum(state == "late" for state in page.year.states.values()),
    )  # fmt: skip
    page.sheet.put(row, 0, told, "plain", span=_WIDTH)
    frequent = list(_frequent(sent))
    if frequent:
        row += 1
        page.sheet.put(row, 0, page.ctx.t("page.frequent"), "plain", span=_WIDTH)
    for months, finding, delivery in frequent:
        row += 1
        form = page.ctx.facts.catalogue.form(delivery.form or "", delivery.version or "")
        what = explain(finding, form, page.ctx.lang).what
        page.sheet.put(row, 0, finding.code, "center")
        page.sheet.put(row, 1, what, "text", span=_WIDTH - 2)
        page.sheet.put(row, _WIDTH - 1, page.ctx.t("page.in_months", months=months), "text")
    return row + 1


def _of_year(page: _Page, delivery: Delivery) -> bool:
    year = str(page.ctx.figures.period.year)
    return delivery.branch == page.branch.code and (delivery.period or "").startswith(year)


def _frequent(sent: Sequence[Delivery]) -> Iterator[tuple[str, Finding, Delivery]]:
    """Yield the findings met in most months, the latest of each code standing for all."""
    by_code: dict[str, list[tuple[Delivery, Finding]]] = {}
    for delivery in sent:
        for finding in delivery.findings:
            if finding.severity is not Severity.TRIAL:
                by_code.setdefault(finding.code, []).append((delivery, finding))
    ranked = sorted(by_code.items(), key=lambda item: (-len({d.period for d, _ in item[1]}), item))
    for _, found in ranked[:_FINDINGS]:
        delivery, finding = found[-1]
        months = (Period.parse(d.period) for d, _ in found if d.period and len(d.period) > 4)
        yield _months(months) or str(delivery.period), finding, delivery


def _notes(page: _Page, row: int) -> int:
    """Write lines for what the secretary answers."""
    row = _heading(page, row, "page.notes")
    for line in range(_ROOM_TO_WRITE):
        page.sheet.put(row + line, 0, None, "text", span=_WIDTH)
        page.sheet.height(row + line, _LINE)
    return row + _ROOM_TO_WRITE
