"""The tables of the committee's report, each as its readers use it: the worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from mlay_batch.core import messages
from mlay_batch.figures.classified import ClassificationYear
from mlay_batch.figures.news import (
    due_returns,
    low_meetings,
    lowest_good_band,
    quota_outlook,
)
from mlay_batch.figures.report_records import OPEN, SENT, SKETCH, QuotaLine
from mlay_batch.report.committee.committee_report import Align, ReportColumn, ReportTable, Value
from mlay_batch.report.report_context import ReportWords
from mlay_batch.report.sheets.classification_lines import kinds, line_title, parts, section_of
from mlay_batch.schema.schemes import Line, Part

_MAX_ANNEX_ROWS = 500
_MAX_ROWS = 25  # of a table within the report; the rest is counted
_MAX_YEARS = 5
_OUTLOOKS = ("not_met", "hard", "behind", "unsettled", "on_course")
"""The states of officers in the table of quotas, the worst first."""


def returns_table(words: ReportWords) -> Iterator[ReportTable]:
    """Yield the returns of the period by organisation directly below the office."""
    groups: dict[str, Counter[str]] = {}
    for cell in due_returns(words.figures):
        groups.setdefault(_group(words, cell.branch), Counter())[cell.state] += 1
    if len(groups) < 2:
        return
    has_lists = any(states[SKETCH] for states in groups.values())
    widths = {"unit": 30, "due": 10, "sent": 10, "late": 10}
    columns = _columns(words, None, **widths, **({"listed": 10} if has_lists else {}), open=10)
    direct = _text(words, "direct")
    in_order = sorted(groups, key=lambda group: group == direct)
    rows: list[tuple[Value, ...]] = [
        (group, *_sums(groups[group], has_lists=has_lists)) for group in in_order
    ]
    sums = _sums(sum(groups.values(), Counter()), has_lists=has_lists)
    totals: tuple[Value, ...] = (_text(words, "total"), *sums)
    yield _table(words, "returns", columns, rows, totals)


def _group(words: ReportWords, branch: str) -> str:
    """Return the committee a cell is under; of those directly under the office one for all."""
    register = words.inputs.register
    codes = [branch, *(organisation.code for organisation in register.ancestors(branch))]
    top = codes[-2] if len(codes) > 1 else branch
    return words.name(top) if register.children(top) else _text(words, "direct")


def _sums(states: Counter[str], *, has_lists: bool) -> tuple[int, ...]:
    """Return how many returns are due, in, late, where there are lists only from one, and out."""
    sent, out = (sum(states[state] for state in group) for group in (SENT, OPEN))
    listed = (states[SKETCH],) if has_lists else ()
    return sent + out, sent, states["late"], *listed, out


def quality_tables(words: ReportWords) -> Iterator[ReportTable]:
    """Yield the tables on the points of the period's meetings."""
    yield from kinds_table(words)
    yield from low_table(words)


def low_table(words: ReportWords) -> Iterator[ReportTable]:
    """Yield the meetings of the period rated low, the lowest score first."""
    figures, lang = words.figures, words.lang
    meetings = low_meetings(figures)
    if not meetings:
        return
    band = words.band_title(lowest_good_band(figures.score_scheme))
    gaps = {"band": band}
    columns = _columns(words, gaps, cell=36, day=12, score=8, band=12, low_in_year=18)
    rows = [
        (
            words.name(meeting.sitting.branch),
            meeting.sitting.held_on,
            meeting.sitting.score,
            words.band_title(meeting.sitting.band or ""),
            messages.text(
                "committee", "of", lang, low=meeting.low_in_year, scored=meeting.scored_in_year
            ),
        )
        for meeting in meetings
    ]
    yield _table(words, "low", columns, rows, gaps=gaps)


def kinds_table(words: ReportWords) -> Iterator[ReportTable]:
    """Yield the meetings of the period by kind of unit, where cells are of at least two."""
    lines, figures = words.figures.unit_kinds, words.figures
    totals, scheme = figures.totals, figures.score_scheme
    if totals is None or len(lines) < 2 or all(line.held is None for line in lines):
        return
    bands = scheme.bands_best_first() if scheme else ()
    columns = _columns(words, unit_kind=28, cells=8, sent=9, held=8, mean_score=10)
    columns += [ReportColumn(band.title.of(words.lang), 10, "center") for band in bands]
    has_flags = any(line.flagged is not None for line in lines)
    columns += _columns(words, flagged=11) if has_flags else ()
    rows = [
        (
            words.kind_title(line.kind),
            line.cells,
            line.sent,
            line.held,
            line.mean,
            *(None if line.held is None else line.bands.get(band.id, 0) for band in bands),
            *((line.flagged,) if has_flags else ()),
        )
        for line in lines
    ]
    sums = (
        _text(words, "total"),
        sum(line.cells for line in lines),
        totals.sent,
        totals.held,
        totals.mean,
        *(totals.bands.get(band.id, 0) for band in bands),
        *((sum(line.flagged or 0 for line in lines),) if has_flags else ()),
    )
    yield _table(words, "kinds", columns, rows, sums, [_text(words, "kinds_how")])


def quota_table(words: ReportWords) -> Iterator[ReportTable]:
    """Yield the officers who have not attended all they owe, those who lack most first."""
    lines = words.figures.quota
    open_lines = [line for line in lines if quota_outlook(line) in _OUTLOOKS]
    if not open_lines:
        return
    columns = _columns(words, officer=22) if words.has_names else []
    columns += _columns(words, post=42, attended=6, obligation=8, missing=8, outlook=18)
    open_lines.sort(key=lambda line: (_OUTLOOKS.index(quota_outlook(line)), -line.missing))
    rows = [_quota_row(words, line) for line in open_lines]
    notes = [
        _text(words, state, count=count)
        for state in ("met", "unrated")
        if (count := sum(line.state == state for line in lines))
    ]
    yield _table(words, "quota", columns, rows, notes=notes)


def _quota_row(words: ReportWords, line: QuotaLine) -> tuple[Value, ...]:
    outlook = quota_outlook(line)
    state = _text(words, "outlook.hard") if outlook == "hard" else None
    post = line.position
    if line.quota.per == "officer_cell":
        post = f"{post} – {line.branches[0].name}" if post else line.branches[0].name
    name = (line.name,) if words.has_names else ()
    attended, title = line.obligation - line.missing, state or words.state_title("quota", outlook)
    return *name, post, attended, line.obligation, line.missing, title


def classification_table(words: ReportWords) -> Iterator[ReportTable]:
    """Yield the shares of the yearly classification by year, in the report of a year."""
    figures = words.figures
    mean = figures.classification_mean
    if figures.period.kind != "year" or not figures.years:
        return
    years = figures.years[-_MAX_YEARS:]
    columns = _columns(words, line=40)
    columns += [ReportColumn(str(year.year), 10, "right") for year in years]
    if mean and len(mean.years) > 1:
        columns += _columns(words, mean=12)
    rows = []
    for part, kind, line in _classification_lines(words):
        section = section_of(part, kind)
        shares = [_share(year, section, line) for year in years]
        if mean and len(mean.years) > 1:
            shares.append(mean.shares.get((section, line.id)))
        percents = (_percent(words, share, line.decimals) for share in shares)
        rows.append((line_title(words, part, kind, line), *percents))
    yield _table(words, "classification", columns, rows)


def _classification_lines(words: ReportWords) -> Iterator[tuple[Part, str, Line]]:
    for part in parts(words):
        for kind in kinds(words, part):
            yield from ((part, kind, line) for line in part.lines)


def _share(year: ClassificationYear, section: str, line: Line) -> float | None:
    figures = year.part(section)
    shares = figures.shares if figures else ()
    return next((share.share for share in shares if share.line == line.id), None)


def _percent(words: ReportWords, share: float | None, decimals: int) -> str | None:
    """Return a share as printed, with all its decimals: ``99,60%``; nobody is ``0%``."""
    if not share:
        return None if share is None else "0%"
    text = messages.show_rounded(share, decimals, words.lang)
    return f"{text}%" if words.lang == "vi" else f"{text} %"


def ratings_table(words: ReportWords, *, has_notes: bool) -> Iterator[ReportTable]:
    """Yield all meetings of the period with their scores; cells without one have a blank row."""
    columns = _columns(words, number=5, cell=34, members=9, day=12, score=8, band=10)
    if has_notes:
        columns += _columns(words, note=76)
    rows: list[tuple[Value, ...]] = []
    no_meeting = {cell.branch for cell in due_returns(words.figures) if cell.state == "nil"}
    for number, rating in enumerate(words.figures.ratings, 1):
        nil = rating.branch.code in no_meeting
        state = words.state_title("return", "nil" if nil else rating.state)
        if not rating.sittings:
            rows.append((number, rating.branch.name, None, None, None, state, "")[: len(columns)])
        for sitting in rating.sittings:
            is_first = sitting is rating.sittings[0]
            row: tuple[Value, ...] = (
                number if is_first else None,
                rating.branch.name,
                sitting.members if is_first else None,
                sitting.held_on,
                sitting.score,
                words.band_title(sitting.band or ""),
                ". ".join(
                    filter(None, (words.t("rating.listed") if sitting.listed else "", sitting.note))
                ),
            )
            rows.append(row[: len(columns)])
    if rows:
        yield _table(words, "ratings", columns, rows, max_rows=_MAX_ANNEX_ROWS)


def names_table(words: ReportWords, names: Sequence[tuple[str, str]]) -> Iterator[ReportTable]:
    """Yield the full lists of what sentences cut short: pairs of sentence and name."""
    if names:
        yield _table(
            words, "names", _columns(words, topic=24, name=60), names, max_rows=_MAX_ANNEX_ROWS
        )


def _columns(
    words: ReportWords, gaps: dict[str, str] | None = None, **widths: float
) -> list[ReportColumn]:
    return [
        ReportColumn(_text(words, f"column.{name}", **(gaps or {})), width, _align(name), 1)
        for name, width in widths.items()
    ]


def _align(column: str) -> Align:
    if column in ("unit", "unit_kind", "cell", "officer", "post", "line", "note", "topic", "name"):
        return "left"
    return "right" if column in ("score", "members", "mean", "mean_score") else "center"


def _table(
    words: ReportWords,
    key: str,
    columns: Iterable[ReportColumn],
    rows: Sequence[tuple[Value, ...]],
    totals: tuple[Value, ...] = (),
    notes: Iterable[str] = (),
    gaps: dict[str, str] | None = None,
    max_rows: int = _MAX_ROWS,
) -> ReportTable:
    """Return a table with its title; rows beyond `max_rows` are counted in a note."""
    cut = len(rows) - max_rows
    more = [_text(words, "more_rows", count=cut)] if cut > 0 else []
    return ReportTable(
        _text(words, f"table.{key}", **(gaps or {})),
        _text(words, f"sheet.{key}"),
        tuple(columns),
        tuple(rows[:max_rows]),
        totals,
        (*more, *notes),
    )


def _text(words: ReportWords, key: str, **gaps: object) -> str:
    return messages.text("committee", key, words.lang, **gaps)
