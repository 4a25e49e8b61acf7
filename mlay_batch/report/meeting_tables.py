"""The tables of meetings: one row a sitting, with its score and band; one row a score, by group.

What a score counts and which band it reaches is calculated in its row, by the scheme of its month:
all other sheets count these rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlay_batch.figures.records import Sitting
from mlay_batch.report import bands
from mlay_batch.report.book import Content, Live
from mlay_batch.report.context import Context
from mlay_batch.report.tables import Column, Table, plain
from mlay_batch.report.titled import columns, table, this_year, where
from mlay_batch.schema import Scheme
from mlay_batch.schema.ids import MEETING_SCORE

SCORERS = ("own", "confirmed")


def mark(group: str) -> str:
    """Return the id of the column with the points of a group."""
    return f"mark_{group}"


def marks_table(ctx: Context) -> Table:
    """Return the points by criteria group, one row for each score of a sitting."""
    groups = _groups(ctx)
    shape = (
        *columns(ctx, {"branch": "center", "branch_name": "text", "held_on": "date",
                       "scorer": "center", "paired": "integer"}),
        *(Column(mark(name), plain(title), "score") for name, title in groups.items()),
        *columns(ctx, {"delivery": "link"}),
    )  # fmt: skip
    rows = tuple(
        (
            entry.branch, ctx.name(entry.branch), entry.held_on, ctx.choice("scorer", scorer),
            int(len(entry.marks) > 1), *(entry.marks[scorer].get(name) for name in groups),
            ctx.file(entry.delivery),
        )
        for entry in _held(ctx) for scorer in SCORERS if scorer in entry.marks
    )  # fmt: skip
    return table(ctx, "marks", shape, rows)


def _groups(ctx: Context) -> Mapping[str, str]:
    """Return the criteria groups of the year's schemes by id, those of the period's one first."""
    schemes = (ctx.figures.score_scheme, *(scheme for scheme, _ in _schemes(ctx)))
    return {
        group.id: group.title.of(ctx.lang)
        for scheme in reversed([s for s in schemes if s])
        for group in scheme.groups
    }


def _held(ctx: Context) -> Iterator[Sitting]:
    return (entry for entry in ctx.figures.sittings if this_year(ctx, entry.held_on))


def _schemes(ctx: Context) -> Iterator[tuple[Scheme | None, Sitting]]:
    """Yield every sitting after the scheme of its month."""
    known: dict[object, Scheme | None] = {}
    for entry in _held(ctx):
        if entry.period not in known:
            known[entry.period] = ctx.facts.catalogue.scheme_for(MEETING_SCORE, entry.period)
        yield known[entry.period], entry


def sittings_table(ctx: Context, marks: Table) -> Table:
    """Return the sittings of the year to date."""
    shape = table(ctx, "sittings", columns(ctx, {
        "branch": "center", "branch_name": "text", "held_on": "date", "kind": "text",
        "regular": "integer", "thematic": "integer", "members": "integer", "own": "score",
        "confirmed": "score", "score": "score", "rank": "integer", "remark": "text",
        "delivery": "link", "cell": "center",
    }), ())  # fmt: skip
    ranks = bands.ranks(ctx)
    formulas: dict[str | None, tuple[str, str]] = {}
    rows: list[tuple[Content, ...]] = []
    for scheme, entry in _schemes(ctx):
        version = scheme.version if scheme else None
        if version not in formulas:
            written = _Formulas(ctx, shape, marks, scheme)
            formulas[version] = written.score(), written.rank(ranks)
        rows.append(_sitting(ctx, entry, *formulas[version], ranks))
    return table(ctx, "sittings", shape.columns, tuple(rows))


def _sitting(
    ctx: Context, entry: Sitting, score: str, rank: str, ranks: Mapping[str, int]
) -> tuple[Content, ...]:
    kinds = ", ".join(ctx.choice("meeting_kind", kind) for kind in entry.kinds)
    return (
        entry.branch, ctx.name(entry.branch), entry.held_on, kinds, int(entry.regular),
        int(entry.thematic), entry.members, entry.own, entry.confirmed,
        Live(score, "" if entry.score is None else entry.score),
        Live(rank, ranks[entry.band] if entry.band else ""), entry.note,
        ctx.file(entry.delivery), where(entry.place),
    )  # fmt: skip


class _Formulas:
    """Score and rank of a row under one scheme; see `figures.scoring` for what they say."""

    def __init__(self, ctx: Context, shape: Table, marks: Table, scheme: Scheme | None) -> None:
        self.scheme, self.marks, self.this = scheme, marks, shape.this
        own, confirmed = (ctx.choice("scorer", scorer) for scorer in SCORERS)
        self.scorer = f'IF({shape.this("confirmed")}<>"","{confirmed}","{own}")'

    def _asked(self) -> str:
        """Return the conditions that find the row's own score in the table by group."""
        found = {"branch": self.this("branch"), "held_on": self.this("held_on"),
                 "scorer": self.scorer}  # fmt: skip
        return ",".join(f"{self.marks.ref(name)},{value}" for name, value in found.items())

    def score(self) -> str:
        """Return the formula of the points that count: the confirmed total before the own."""
        own, confirmed = self.this("own"), self.this("confirmed")
        given = f'IF({confirmed}<>"",{confirmed},IF({own}<>"",{own},""))'
        apart = [group for group in self.scheme.groups if group.thematic] if self.scheme else []
        if not apart or not self.scheme:
            return f"={given}"
        off = "".join(f"-SUMIFS({self.marks.ref(mark(g.id))},{self._asked()})" for g in apart)
        points = f"({given}{off})"
        full = sum(group.max for group in self.scheme.groups)
        possible = full - sum(group.max for group in apart)
        if self.scheme.rebase and possible:
            points = f"{points}*{full:g}/{possible:g}"
        nothing = f'AND({own}="",{confirmed}="")'
        return f'=IF({nothing},"",IF({self.this("thematic")}=1,{given},{points}))'

    def rank(self, ranks: Mapping[str, int]) -> str:
        """Return the formula of the band's number; empty without a score or below every band."""
        ranked = self.scheme.ranked() if self.scheme else ()
        score = self.this("score")
        formula = '""'
        for place in range(len(ranked) - 1, -1, -1):
            band = ranked[place]
            reached, full = str(ranks[band.id]), self._demanded(band.id)
            if full and place + 1 < len(ranked):
                below = ranks[ranked[place + 1].id]
                reached = f"IF(COUNTIFS({self._asked()}{full})>0,{reached},{below})"
            formula = f"IF({score}>={band.min:g},{reached},{formula})"
        return f'=IF({score}="","",{formula})'

    def _demanded(self, band: str) -> str:
        """Return the conditions that the band's groups have full marks, empty without any."""
        scheme = self.scheme
        full = {group.id: group.max for group in scheme.groups} if scheme else {}
        wanted = [name for demand in (scheme.demands if scheme else ()) if demand.band == band
                  for name in demand.full]  # fmt: skip
        return "".join(f',{self.marks.ref(mark(name))},">={full[name]:g}"' for name in wanted)
