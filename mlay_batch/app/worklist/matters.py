"""Lists what is open in an office, worst first: files to decide on, letters owed, periods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import cached_property
from pathlib import PurePath

from mlay_batch.app.explain import open_warnings
from mlay_batch.app.pending_replies import (
    Correction,
    Reminder,
    branch_of,
    corrections,
    files_to_answer,
    files_to_decide_on,
    must_explain,
    reminders,
    unreached_addresses,
)
from mlay_batch.app.status import listed_words
from mlay_batch.app.worklist.records import Matter, say
from mlay_batch.app.worklist.state import (
    ADDRESS,
    AND_PERIOD,
    DOUBTFUL,
    FILE,
    FORMS,
    PERIOD,
    WARNING,
    OpenState,
    branch_title,
    earlier_months,
    file_state,
    forms_to_issue,
    in_period,
    letters_told,
    period_state,
    periods_to_issue,
    questions_state,
)
from mlay_batch.app.worklist.view_files import ViewFiles, cell_link
from mlay_batch.core.findings import Finding
from mlay_batch.core.messages import explain, show
from mlay_batch.core.period import Period
from mlay_batch.core.text import begin_small
from mlay_batch.figures.report_records import OPEN
from mlay_batch.ledger import Archive, MailState
from mlay_batch.mail.mime import short_id
from mlay_batch.model.records import SENDER_DOUBT_CODES, UNSURE, LedgerEntry, Verdict
from mlay_batch.model.topics import Topic
from mlay_batch.schema import Form

WORST_FIRST = (
    *("defect", "repairable", "trouble", "register", "doubtful"),
    *("held", "unassigned", "closed", "question"),
    *("unreached", "overdue", "refused", "missing", "below", "unclosed", "ready", "forms"),
    *("chosen", "warning", "warned"),
)
_WORKBOOKS = frozenset({".xlsx", ".ods"})  # an .xls may hold macros of 1992
CLOSED_CODE = "L12"
_MAX_NAMES = 5  # branches of a subordinate office that are named
_MAX_REASONS = 2  # findings that say why a file waits; its marked form lists them all
_TONES = {
    **dict.fromkeys(("closed", "question", "refused", "missing", "below", "unclosed"), "watch"),
    "ready": "good",
    **dict.fromkeys(("forms", "warned"), ""),
}


def open_matters(state: OpenState, files: ViewFiles, archive: Archive) -> Iterator[Matter]:
    """Yield every matter of returns, letters and periods; what there is to see goes to `files`."""
    builder = _MatterBuilder(state, files, archive)
    yield from builder.undecided_files()
    yield from builder.doubtful_letters()
    yield from builder.unreached_addresses()
    yield from builder.refused_files()
    yield from builder.reminders()
    yield from builder.periods()
    yield from builder.below()
    yield from builder.empty_register()
    yield from builder.blank_forms()
    yield from builder.open_warnings()


def worst_first(matters: Iterable[Matter]) -> list[Matter]:
    """Return the matters in the order to look at them, older ones first among equals."""
    return sorted(
        matters,
        key=lambda matter: (
            WORST_FIRST.index(_rank(matter)),
            str(matter.values.get("since") or ""),
        ),
    )


def _rank(matter: Matter) -> str:
    return "warning" if matter.kind == "register" and matter.tone == "watch" else matter.kind


class _MatterBuilder:
    """Makes the matters of one state."""

    def __init__(self, state: OpenState, files: ViewFiles, archive: Archive) -> None:
        self.state, self.files, self.archive = state, files, archive

    def _say(self, key: str, **params: object) -> str:
        return say(self.state.lang, key, **params)

    def _matter(
        self,
        kind: str,
        subject: str,
        state: str,
        branch: str,
        since: date | None,
        what: str,
        proposal: str = "",
        link: str = "",
    ) -> Matter:
        values = {
            "branch": branch,
            "what": what,
            "since": since,
            "proposal": proposal or self._say(f"proposal.{kind}"),
            "view": self._say("view") if link else None,
        }
        return Matter(kind, subject, state, values, link, _TONES.get(kind, "bad"))

    # Files

    def undecided_files(self) -> Iterator[Matter]:
        """Yield the files that are held, or of nobody knows whom."""
        state = self.state
        for entry in files_to_decide_on(state.entries, state.register):
            code = branch_of(entry, state.register)
            period = Period.parse(entry.period) if entry.period else None
            is_closed = entry.verdict is Verdict.HELD and period in state.closed
            is_unsure = any(finding.code == UNSURE for finding in entry.findings)
            code = None if is_unsure else code
            kind = "closed" if is_closed else "held" if code else "unassigned"
            kind = "question" if must_explain(entry) else kind
            sender = entry.sender or self._say(f"sender.{entry.channel}")
            params = {"what": self._about(entry), "file": entry.label, "sender": sender}
            its_state = file_state(entry, state.rulings)
            if is_closed and period:
                its_state += f"{AND_PERIOD}{period_state(period, state.closings)}"
            yield self._matter(
                kind,
                f"{FILE}/{entry.id}",
                its_state,
                branch_title(state.register, code) if code else self._say("nobody"),
                _day(entry),
                self._say("what.file", reasons=self._reasons(entry), **params),
                link=self._original_link(entry),
            )

    def open_warnings(self) -> Iterator[Matter]:
        """Yield the warnings in the returns of the periods at work that nobody has answered."""
        state = self.state
        names = {str(period) for period in state.periods if period not in state.closed}
        entries = [entry for entry in state.entries if entry.period in names]
        for warning in open_warnings(entries, state.warnings, state.answers):
            entry, findings = warning.entry, warning.findings
            words = reasons(findings, self._form(entry), state.lang)
            yield self._matter(
                "warned",
                f"{WARNING}/{entry.id}/{warning.code}",
                questions_state(warning.questions),
                branch_title(state.register, entry.branch),
                _day(entry),
                self._say("what.warned", what=self._about(entry), reasons=words),
                link=self._original_link(entry, findings),
            )

    def _about(self, entry: LedgerEntry) -> str:
        """Return which return a file is, as far as it says so."""
        form = self._form(entry)
        title = form.sheet.of(self.state.lang) if form else self._say("file")
        period = show(entry.period, self.state.lang) if entry.period else ""
        return f"{title} {period}".strip()

    def _form(self, entry: LedgerEntry) -> Form | None:
        return self.state.office.intake_catalogue.form(entry.form, entry.version)

    def _reasons(self, entry: LedgerEntry) -> str:
        closed = entry.period and Period.parse(entry.period) in self.state.closed
        findings = [f for f in entry.findings if closed or f.code != CLOSED_CODE]
        return reasons(findings, self._form(entry), self.state.lang)

    def _original_link(self, entry: LedgerEntry, findings: Sequence[Finding] = ()) -> str:
        """Return the link to a copy of a file that was read as a form of ours; else nothing.

        It leads to the cell of the first of the `findings`, without any of all of the file's.

        Nothing else is opened by a click: what could not be read may do harm.
        """
        suffix = PurePath(entry.name).suffix.lower()
        if entry.form is None or suffix not in _WORKBOOKS:
            return ""
        path = self.files.add(f"{entry.id}{suffix}", self.archive.read(entry.sha256))
        places = (f.place for f in findings or entry.findings if f.place.sheet and f.place.cell)
        return cell_link(path, next(places, None))

    def refused_files(self) -> Iterator[Matter]:
        """Yield the refused files whose branch has not been told."""
        state, seen = self.state, set[int]()
        for period, request in self.corrections:
            entry, subject = request.entry, request.entry.answer_key
            if letters_told(state.mail, subject) or entry.id in seen:
                continue
            seen.add(entry.id)
            key = "asked" if must_explain(entry) else "refused"
            what = self._say(f"what.{key}", what=self._about(entry), reasons=self._reasons(entry))
            yield self._matter(
                "refused",
                subject,
                in_period("0", period),
                branch_title(state.register, request.branch),
                _day(entry),
                what,
                self._say(f"proposal.{key}", until=request.until),
                self._attachment_link(subject),
            )

    @cached_property
    def corrections(self) -> list[tuple[Period, Correction]]:
        """The corrections asked for, by the period with whose letters they are answered."""
        state = self.state
        return [
            (period, request)
            for period in state.periods
            for request in corrections(
                state.entries,
                state.mail,
                period,
                state.register,
                state.office.catalogue,
                state.as_of,
                own_only=period.kind != "month",
            )
        ]

    # Letters

    def _attachment_link(self, subject: str) -> str:
        letter = self.state.letter_about(subject)
        return self.files.attachments(letter) if letter else ""

    def doubtful_letters(self) -> Iterator[Matter]:
        """Yield the letters that may have gone out before a run broke off."""
        for mail in self.state.mail:
            if mail.state is MailState.QUEUED:
                codes = dict.fromkeys(topic.branch for topic in mail.topics if topic.branch)
                names = ", ".join(branch_title(self.state.register, code) for code in codes)
                what = self._say("what.doubtful", to=", ".join(mail.recipients))
                subject = f"{DOUBTFUL}/{short_id(mail.message_id)}"
                since = date.fromisoformat(mail.at[:10])
                yield self._matter("doubtful", subject, mail.at, names or "–", since, what)

    def unreached_addresses(self) -> Iterator[Matter]:
        """Yield the registered addresses that a letter did not reach."""
        state = self.state
        unreached = unreached_addresses(state.entries, state.period, state.register, state.as_of)
        for address in sorted(unreached):
            owners = state.register.mail_owners(address, state.as_of)
            names = ", ".join(branch_title(state.register, code) for code in sorted(owners))
            what = self._say("what.unreached", address=address)
            link = state.office.workspace.register.name
            yield self._matter(
                "unreached", f"{ADDRESS}/{address}", "", names, None, what, link=link
            )

    def reminders(self) -> Iterator[Matter]:
        """Yield the branches to be reminded of a return or of a correction."""
        state = self.state
        for period in (each for each in state.periods if each not in state.closed):
            requests = [request for of, request in self.corrections if of == period]
            for reminder in reminders(
                state.forms, period, requests, state.register, state.office.catalogue, state.as_of
            ):
                yield self._reminder(reminder, period)

    def _reminder(self, reminder: Reminder, period: Period) -> Matter:
        state, request = self.state, reminder.correction
        title = begin_small(reminder.form.sheet.of(state.lang))
        if request:
            kind, subject = "overdue", f"correction/{request.entry.verdict_key}"
            since = request.until
        else:
            kind = "missing"
            subject = Topic.of("reminder", reminder.form.form, reminder.branch, str(period)).key
            since = reminder.form.due_in(period).last_day(period)
        told = letters_told(state.mail, subject)
        days = [mail.day for mail in told if mail.day]
        proposal = "proposal.reminded" if days else f"proposal.{kind}"
        if not state.register.addressee(reminder.branch, state.as_of):
            proposal = "proposal.ring"
        return self._matter(
            kind,
            subject,
            in_period(str(len(told)), period),
            branch_title(state.register, reminder.branch),
            since,
            self._say(f"what.{kind}", what=self._return_title(title, period), due=since),
            self._say(proposal, day=max(days, default=None)),
            self._attachment_link(subject),
        )

    def _return_title(self, title: str, period: Period) -> str:
        return f"{title} {begin_small(period.title(self.state.lang))}"

    # Periods and forms

    def periods(self) -> Iterator[Matter]:
        """Yield the periods that may be closed, and earlier months that are not complete."""
        state = self.state
        for period in dict.fromkeys((*state.periods, state.period)):
            cells = state.returns_of(period)
            is_open = state.as_of > period.end and period not in state.closed
            if is_open and cells and not any(cell.state in OPEN for cell in cells):
                yield self._period("ready", period, f"reports/{period}/", count=len(cells))
        for month in earlier_months(state):
            cells = state.returns_of(month)
            out = sum(cell.state in OPEN for cell in cells)
            letters = self._untold(month) if month == state.period.previous() else 0
            is_begun = out < len(cells)  # else the office was not at work yet
            if month not in state.closed and is_begun and (out or letters):
                yield self._period("unclosed", month, "", count=out, letters=letters)

    def _untold(self, month: Period) -> int:
        """Return the number of files of a month that have not been answered."""
        state = self.state
        files = files_to_answer(state.entries, month, state.register, own_only=True)
        told = {topic.key for mail in state.mail for topic in mail.topics}
        return sum(entry.answer_key not in told for entry in files)

    def _period(self, kind: str, period: Period, link: str, **counts: int) -> Matter:
        state = self.state
        key = "what.unanswered" if counts.get("letters") and not counts["count"] else f"what.{kind}"
        words = self._say(key, period=begin_small(period.title(state.lang)), **counts)
        return self._matter(
            kind,
            f"{PERIOD}/{period}",
            period_state(period, state.closings),
            state.register.root().name,
            period.end if kind == "unclosed" else None,
            " ".join(filter(None, (words, self._listed_words(kind, period)))),
            link=link,
        )

    def _listed_words(self, kind: str, period: Period) -> str:
        """Return, of a period that is all in, how many returns a list alone tells of."""
        cells = self.state.returns_of(period) if kind == "ready" else ()
        return listed_words(cells, self.state.lang)

    def below(self) -> Iterator[Matter]:
        """Yield the subordinate offices whose consolidated workbooks lack returns."""
        state = self.state
        register, wider = state.register, state.inputs.register
        out: dict[str, list[str]] = {}
        for cell in state.returns_of(state.period):
            if cell.state in OPEN and cell.branch not in register.by_code:
                above = (each.code for each in wider.ancestors(cell.branch))
                office = next((code for code in above if code in register.by_code), "")
                out.setdefault(office, []).append(cell.branch)
        for office, branches in out.items():
            names = [wider.by_code[code].name for code in branches if code in wider.by_code]
            shown = ", ".join(names[:_MAX_NAMES]) + (", …" if names[_MAX_NAMES:] else "")
            period = begin_small(state.period.title(state.lang))
            what = self._say("what.below", count=len(branches), names=shown, period=period)
            title = branch_title(register, office)
            yield self._matter("below", f"below/{office}/{state.period}", "", title, None, what)

    def empty_register(self) -> Iterator[Matter]:
        """Yield that the register has no branch that reports."""
        state = self.state
        if not state.register.has_branches:
            link = state.office.workspace.register.name
            what, name = self._say("what.empty"), self._say("name.register")
            proposal = self._say("proposal.empty")
            yield self._matter("register", "register/empty", "", name, None, what, proposal, link)

    def blank_forms(self) -> Iterator[Matter]:
        """Yield each form that its branches have not got yet."""
        state = self.state
        for period in periods_to_issue(state.office, state.as_of):
            for form, codes in forms_to_issue(state.office, state.mail, state.entries, period):
                title = begin_small(form.sheet.of(self.state.lang))
                yield self._matter(
                    "forms",
                    f"{FORMS}/{form.form}/{period}",
                    str(len(codes)),
                    self._say("branches", count=len(codes)),
                    None,
                    self._say("what.forms", what=self._return_title(title, period)),
                    self._say("proposal.forms", folder=f"outbox/{period}"),
                )


def reasons(
    findings: Iterable[Finding], form: Form | None, lang: str, most: int = _MAX_REASONS
) -> str:
    """Return the first texts of findings: what holds a file first, then errors."""
    order = sorted(findings, key=lambda f: (not _holds(f), not f.is_error))
    texts = list(dict.fromkeys(explain(finding, form, lang).what for finding in order))
    words = " ".join(texts[:most])
    more = len(texts) - most
    return f"{words} {say(lang, 'more', count=more)}" if more > 0 else words


def _holds(finding: Finding) -> bool:
    return finding.code.startswith("L") or finding.code in (*SENDER_DOUBT_CODES, UNSURE)


def _day(entry: LedgerEntry) -> date:
    return date.fromisoformat(entry.received[:10])
