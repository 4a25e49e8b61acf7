"""How a period stands, names first: who is missing, who is refused, what waits, what comes next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from mlay_batch.app.pending_replies import branch_of, must_explain
from mlay_batch.app.status import Status, listed_words
from mlay_batch.cli.lines import join_words
from mlay_batch.cli.options import say
from mlay_batch.cli.screen import VERDICT_STYLES, show_counts, show_styled
from mlay_batch.figures.report_records import NOT_OWED, OPEN
from mlay_batch.model.records import LedgerEntry, Verdict

if TYPE_CHECKING:  # start-up: for annotations only
    from mlay_batch.app.office import Office
    from mlay_batch.figures.report_records import Completeness, ExpectedReturn
    from mlay_batch.model.register import Organisation, Register

Styles = Mapping[str, str]
_MOST_NAMES = 5
_STATES = {"missing": "bold", "rejected": VERDICT_STYLES[Verdict.REJECTED], "not_due": ""}
"""States of returns whose units are named, with the style of what is said of them."""
_COUNTED = ("answer", "remind")
"""What is told by its number where it does not come next."""


def show_period(status: Status, office: Office, lang: str, which: str) -> None:
    """Print how the period stands, in some five to ten lines.

    `which` is what a command has to be told to mean this period.
    """
    for line, styles in _unit_lines(status, office, lang):
        show_styled(line, styles)
    for line, styles in _file_lines(status, office.register, lang):
        show_styled(line, styles)
    show_counts("status.counts", status.counts, lang)
    for line in _matter_lines(status, lang, which):
        show_styled(line, {})


def _unit_lines(status: Status, office: Office, lang: str) -> Iterator[tuple[str, Styles]]:
    """Yield how many returns are in, and who has not sent his or has it back."""
    period, titles = status.period.title(lang), {}
    matrices = [matrix for matrix in status.forms if _owed(matrix, status)]
    if len(matrices) > 1:  # else it goes without saying
        titles = {form.form: f" · {form.title.of(lang)}" for form in office.catalogue.forms}
    if not matrices:
        yield say(lang, "status.no_form", period=period), {}
    for matrix in matrices:
        yield _head(matrix, status, period + titles.get(matrix.form, ""), lang), {period: "bold"}
        for state, style in _STATES.items():
            units = status.units(matrix.form, state)
            if units:
                params = {"count": len(units), "due": status.due.get(matrix.form)}
                what = say(lang, f"status.{state}", **params)
                yield f"{what}: {_names(_unit_names(units, office.register), lang)}", {what: style}


def _owed(matrix: Completeness, status: Status) -> list[ExpectedReturn]:
    return [c for c in matrix.of_period(status.period) if c.state not in NOT_OWED]


def _head(matrix: Completeness, status: Status, title: str, lang: str) -> str:
    owed = _owed(matrix, status)
    sent = sum(cell.state not in OPEN for cell in owed)
    words = say(lang, "status.head", title=title, sent=sent, owed=len(owed))
    return " ".join(filter(None, (words, listed_words(owed, lang))))


def _file_lines(status: Status, register: Register, lang: str) -> Iterator[tuple[str, Styles]]:
    """Yield the files that wait for the office, and those that wait for words of their branch."""
    style = VERDICT_STYLES[Verdict.HELD]
    for key, is_explained in (("decide", False), ("explain", True)):
        entries = [e for e in status.undecided if must_explain(e) is is_explained]
        if entries:
            what = say(lang, f"status.{key}", count=len(entries))
            files = [_file_name(entry, register, lang) for entry in entries]
            yield f"{what}: {_names(files, lang, 'files')}", {what: style}


def _file_name(entry: LedgerEntry, register: Register, lang: str) -> str:
    branch = register.reporter_by_code.get(branch_of(entry, register) or "")
    name = branch.name if branch else say(lang, "status.nobody", file=entry.label)
    return join_words(say(lang, "status.file", number=f"{entry.id}")) + f" {name}"


def _unit_names(units: Sequence[Organisation], register: Register) -> list[str]:
    """Return the names; beside one that several have stands the code."""
    counts = Counter(unit.name for unit in register.organisations)
    return [unit.name if counts[unit.name] == 1 else unit.title for unit in units]


def _names(names: Sequence[str], lang: str, kind: str = "units") -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - _MOST_NAMES
    rest = [say(lang, f"status.more_{kind}", count=more)] if more > 0 else []
    return "; ".join((*names[:_MOST_NAMES], *rest))


def _matter_lines(status: Status, lang: str, which: str) -> Iterator[str]:
    """Yield what else is open, by its number; then the one thing that comes next."""
    period = status.period.short
    if status.closing:
        yield say(lang, "status.closed", period=period, revision=status.closing.revision)
    todo = status.todo
    following = next((key for key in todo if key != "unreached"), "nothing")
    if status.unreached:
        addresses = _names(status.unreached, lang, "addresses")
        yield say(lang, "status.unreached", addresses=addresses)
    for key in _COUNTED:
        if key in todo and key != following:
            yield say(lang, f"status.{key}", count=todo[key])
    params = {"count": todo.get(following), "period": period, "which": which}
    yield say(lang, "status.next", what=say(lang, f"next.{following}", **params))
