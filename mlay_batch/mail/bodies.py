"""Writes the letters: returned form, reminder, blank form; `receipt` writes receipts.

Every letter goes to registered addresses (`Register.addressee`), never to the address a mail claims
to be from. A branch without an address gets its letters through the committee above it; where that
has none either, its letters go to no address. What may not travel by mail is answered without
content, whoever gets the letter: `write_letter` sees to that for every kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from textwrap import shorten

from mlay_batch.core.findings import Finding
from mlay_batch.core.messages import Message, explain, show, text
from mlay_batch.core.period import Period
from mlay_batch.excel.cell_text import clip
from mlay_batch.mail.letter import Attachment, Letter, due_words
from mlay_batch.mail.mail_templates import MailTemplate, one_line
from mlay_batch.mail.shortlist import FULL_LIST, MAX_LINES, Shortlist, count_lines, fit_all
from mlay_batch.model.records import LedgerEntry
from mlay_batch.model.register import Register
from mlay_batch.model.topics import Topic
from mlay_batch.schema.model import Form

CORRECTION_KIND = "correction"  # a repeated request for a correction
_LANG = "vi"
_NO_ITEMS = "- Không có."
_FIRST_SHEET = "ở trang đầu tệp kèm theo"
# So that the branch it speaks for can object.
_ENTERED = "Văn phòng nhập thay theo số liệu báo qua điện thoại; nếu sai thì báo lại."
_MAX_NAMES = 3  # files in a line of a letter or in its subject, branches in a chat
_MAX_FILE_NAME = 45  # characters of a file's name
_MAX_CHAT_REASON = 140  # characters of a reason in a chat
_MAX_NAME = 60  # characters of a name in a letter that is too long otherwise
_NAMES = frozenset({"addressee", "branch_name", "office"})
_ANSWER_WITHOUT_CONTENT, _REQUEST_WITHOUT_CONTENT = "private", "private_due"
_REQUEST_KINDS = frozenset({"form", "reminder"})
KINDS_WITHOUT_CONTENT = _REQUEST_KINDS | {_ANSWER_WITHOUT_CONTENT}
"""Kinds of the letters about what may not travel by mail."""
_REMINDER_WITHOUT_CONTENT = "Nhắc lại thư trước của văn phòng về báo cáo này."


@dataclass(frozen=True)
class LetterContext:
    """The data every letter needs."""

    office_name: str
    register: Register
    texts: Mapping[str, MailTemplate]
    day: date
    """Date of the letters."""

    def name(self, branch: str) -> str:
        """Return the name of an organisation or officer; the code where the register has none."""
        organisation = self.register.reporter_by_code.get(branch)
        return organisation.name if organisation else branch

    def addresses(self, addressee: str) -> tuple[str, ...]:
        """Return the addresses in force."""
        return self.register.mail_addresses(addressee, self.day)

    @property
    def contact(self) -> str:
        """Whom the branch may ask: who prepares the reports, else the office."""
        return self.register.contact(self.day, _LANG) or text("template", "contact_office", _LANG)

    def common_values(self, addressee: str) -> dict[str, str]:
        """Return what fills the gaps that every kind of letter has."""
        return {
            "office": self.office_name,
            "addressee": self.name(addressee),
            "today": show(self.day, _LANG),
            "contact": self.contact,
            "overdue": "",
        }

    def is_barred(self, envelope: Envelope) -> bool:
        """Whether something that a letter is about may not travel by mail."""
        return envelope.is_barred or any(
            self.register.is_barred_from_mail(topic.branch or "", topic.form)
            for topic in envelope.topics
        )


@dataclass(frozen=True)
class Envelope:
    """Recipient, topics and thread of a letter."""

    kind: str
    addressee: str
    topics: tuple[Topic, ...]
    thread: tuple[str, ...] = ()
    """Message-IDs of the mails it answers."""
    file: str = ""
    """Name of the file it answers."""
    is_barred: bool = False
    """Whether that file tells of what may not travel by mail."""


def write_letter(
    context: LetterContext,
    envelope: Envelope,
    values: Mapping[str, str],
    shortlists: Mapping[str, Shortlist],
    attachments: Sequence[Attachment] = (),
    text_kind: str = "",
    briefs: Sequence[Mapping[str, str]] = (),
) -> Letter:
    """Return the letter in the text of its kind, or of `text_kind`.

    `values` fill the gaps that not every kind has, `shortlists` those of lists, as far as they fit.
    Where the letter is too long with the shortest of them, `briefs` replace both one by one, and
    long names are cut. What comes with a letter about what may not travel by mail is left to be
    handed over.
    """
    is_barred = context.is_barred(envelope)
    kind, text_kind = _kinds(envelope.kind, text_kind, is_barred=is_barred)
    template, common = context.texts[text_kind], context.common_values(envelope.addressee)
    filled = {**common, **values}
    if is_barred and filled["overdue"]:
        filled["overdue"] = _REMINDER_WITHOUT_CONTENT
    subject, chat, body, cut = _fill(template, filled, shortlists, briefs)
    list_name = _list_name(envelope) if is_barred else FULL_LIST
    papers = (*attachments, *(text_attachment(list_name, each.__str__) for each in cut))
    if envelope.kind == CORRECTION_KIND:
        subject, chat = f"Nhắc lại: {subject}", f"Nhắc lại: {chat}"
    return Letter(
        kind,
        envelope.topics,
        envelope.addressee,
        context.addresses(envelope.addressee),
        subject,
        body,
        chat,
        () if is_barred else papers,
        envelope.thread,
        envelope.file,
        papers if is_barred else (),
    )


def _fill(
    template: MailTemplate,
    values: Mapping[str, str],
    shortlists: Mapping[str, Shortlist],
    briefs: Sequence[Mapping[str, str]],
) -> tuple[str, str, str, Sequence[Shortlist]]:
    """Return subject, chat and body, and the lists cut although they stand nowhere else.

    Only the body is made shorter, and only where it has too many lines.
    """
    filled: dict[str, str] = {**dict.fromkeys(shortlists, ""), **values}
    names = {gap: clip(one_line(filled[gap]), _MAX_NAME) for gap in _NAMES & filled.keys()}
    lists = dict(shortlists)
    texts, cut = fit_all(template.fill(filled)[2], lists)
    subject, chat, body = template.fill({**filled, **texts})
    for brief in (*briefs, names):
        if count_lines(body) <= MAX_LINES:
            break
        filled |= brief
        lists = {gap: shortlist for gap, shortlist in lists.items() if gap not in brief}
        texts, cut = fit_all(template.fill(filled)[2], lists)
        body = template.fill({**filled, **texts})[2]
    return subject, chat, body, cut


def _list_name(envelope: Envelope) -> str:
    """Return the name of a list to be handed over, beside those of other letters."""
    topic = envelope.topics[0]
    return "_".join(map(str, filter(None, (topic.branch, topic.entry_id, FULL_LIST))))


def _kinds(kind: str, text_kind: str, *, is_barred: bool) -> tuple[str, str]:
    """Return the kind of a letter and of its text.

    About what may not travel by mail the text is one without content, which knows none of the gaps
    that tell some; an answer's kind, which its Message-ID names, tells no verdict either.
    """
    if not is_barred:
        return kind, text_kind or kind
    if kind in _REQUEST_KINDS:
        return kind, _REQUEST_WITHOUT_CONTENT
    return _ANSWER_WITHOUT_CONTENT, _ANSWER_WITHOUT_CONTENT


def text_attachment(name: str, write: Callable[[], str]) -> Attachment:
    """Return a text that opens in Notepad and on any phone: UTF-8 with its mark, CRLF."""
    return Attachment(name, lambda: write().replace("\n", "\r\n").encode("utf-8-sig"))


@dataclass(frozen=True)
class ResendRequest:
    """Asks a branch to send again a file that was not accepted."""

    text_kind: str
    """Kind of text the letter uses."""
    due: date
    """Day by which to send it."""
    missed_day: date | None = None
    """Day of an earlier request that was not met."""

    def values(self, context: LetterContext) -> dict[str, str]:
        """Return the gap values common to these letters."""
        overdue = (
            f"Nhắc lại: hạn gửi lại là ngày {show(self.missed_day, _LANG)}, đến"
            f" {show(context.day, _LANG)} chưa nhận được."
        )
        return {"due": show(self.due, _LANG), "overdue": overdue if self.missed_day else ""}


@dataclass(frozen=True)
class ListedError:
    """A line in the error list of a returned form.

    Attributes:
        is_error: whether it refuses the return; otherwise it is a warning.
        count: number of findings it stands for.
        where: sheet and cells of the returned form, or the place in the file that was sent.
        message: what is wrong and what to do.
        cells: the cells of the returned form that it names, by sheet, row and column.
    """

    is_error: bool
    count: int
    where: str
    message: Message
    cells: frozenset[tuple[str, int, int]]


def returned_form(
    context: LetterContext,
    envelope: Envelope,
    entry: LedgerEntry,
    form: Form,
    period: Period,
    request: ResendRequest,
    attachment: Attachment | None = None,
    lines: Sequence[ListedError] | None = None,
) -> Letter:
    """Return the letter that sends a return back, with the branch's own form marked.

    With the text ``blank`` the correct form is attached, with ``redo`` nothing. `lines` are the
    error list of the attached form, with its cells, and the letter repeats the first of them.
    Without them it lists the findings with the cells of the file received; beside a blank form only
    what is wrong, since the letter says what to do.
    """
    branch = envelope.topics[0].branch or ""
    error_lines = [line for line in lines or () if line.is_error]
    is_question = request.text_kind == "question"
    errors = _listed_errors(error_lines, is_question=is_question) or _error_findings(
        entry, form, with_fix=request.text_kind != "blank"
    )
    values = {
        **return_values(context, entry, branch, form, str(period)),
        **request.values(context),
        "count": str(errors.total),
        "wrong_cells": _wrong_cells_text(error_lines) or f"{errors.total} lỗi",
    }
    attachments = [attachment] if attachment else []
    return write_letter(
        context, envelope, values, {"errors": errors}, attachments, request.text_kind
    )


def _listed_errors(lines: Sequence[ListedError], *, is_question: bool) -> Shortlist | None:
    """Return the error list of the attached form, or its questions; None if it has none."""
    items = [one_line(f"{line.message} ({line.where})") for line in lines]
    if is_question:
        return Shortlist(items, unit="điểm", place=_FIRST_SHEET)
    counts = [line.count for line in lines]
    return Shortlist(items, counts=counts, unit="lỗi", place=_FIRST_SHEET) if lines else None


def _error_findings(entry: LedgerEntry, form: Form, *, with_fix: bool) -> Shortlist:
    """Return the errors of a file as they stand in it, equal ones in one line."""
    lines = Counter(_finding_line(f, form, with_fix=with_fix) for f in entry.findings if f.is_error)
    return Shortlist(list(lines), counts=list(lines.values()), unit="lỗi")


def _wrong_cells_text(error_lines: Iterable[ListedError]) -> str:
    """Return how many cells of the attached form are wrong; empty if none is."""
    cells = {cell for line in error_lines for cell in line.cells}
    return f"{len(cells)} ô sai" if cells else ""


def file_letter(
    context: LetterContext,
    envelope: Envelope,
    files: Sequence[tuple[LedgerEntry, Sequence[Finding]]],
    request: ResendRequest,
    form: Form | None = None,
) -> Letter:
    """Return the letter on files of one mail of which nothing is attached, with the reasons.

    What could not be read is asked for again; a file that does not count is not. `files` are the
    files and the findings about each; the first one is the one answered. `form` is what it was read
    as.
    """
    names_by_reason: dict[Message, list[str]] = {}
    for entry, findings in files:
        for finding in findings:
            reason = explain(finding, form, _LANG, to_branch=True)
            names_by_reason.setdefault(reason, []).append(f"“{_file_name(entry)}”")
    lines = [
        one_line(f"{reason} ({_name_list(names, 'tệp')})")
        for reason, names in names_by_reason.items()
    ]
    first, first_reason = files[0][0], next(iter(names_by_reason))
    branch = envelope.topics[0].branch or ""
    values = {
        **_file_values(context, first, branch),
        **_paper_values(first, one_line(context.name(branch))),
        **request.values(context),
        "file": _name_list([_file_name(entry) for entry, _ in files], "tệp"),
        "problem": shorten(first_reason.what, _MAX_CHAT_REASON, placeholder="…"),
        "fix": shorten(first_reason.fix, _MAX_CHAT_REASON, placeholder="…"),
    }
    errors = {"errors": Shortlist(lines, unit="lý do")}
    return write_letter(context, envelope, values, errors, text_kind=request.text_kind)


def _paper_values(entry: LedgerEntry, branch_name: str) -> dict[str, str]:
    """Return what a file is called: of a list the rows of a branch, which need not have sent it."""
    if entry.is_sketch:
        rows = f"dòng của {branch_name} trong danh sách"
        return {"paper": f"{rows} “{_file_name(entry)}”", "sent_paper": f"{rows} nhận"}
    paper = f"tệp “{_file_name(entry)}” của {branch_name}"
    return {"paper": paper, "sent_paper": f"tệp {branch_name} gửi"}


def _name_list(names: Iterable[str], unit: str) -> str:
    """Return the names without repeats, on one line; beyond some, the number of the rest."""
    unique = list(dict.fromkeys(names))
    more = len(unique) - _MAX_NAMES
    shown = one_line(", ".join(unique[:_MAX_NAMES]))
    return f"{shown} và {more} {unit} nữa" if more > 0 else shown


def _file_name(entry: LedgerEntry) -> str:
    """Return the name of a file as a letter shows it: not longer than a line."""
    return clip(one_line(entry.name), _MAX_FILE_NAME)


def group_letter(
    context: LetterContext,
    envelope: Envelope,
    form: Form,
    period: Period,
    attachments: Sequence[Attachment],
) -> Letter:
    """Return a reminder or the blank forms, for one branch or for the cells of a committee."""
    names = {topic.branch: one_line(context.name(topic.branch or "")) for topic in envelope.topics}
    values = {
        "form": _form_title(form),
        "period": _period_title(period),
        "due": due_words(form.due_in(period), period),
        "branch_names": _name_list(names.values(), "đơn vị"),
    }
    is_barred = context.is_barred(envelope)  # then nothing is attached
    branches = Shortlist(
        [f"{name} ({code})" for code, name in names.items()],
        unit="đơn vị",
        place="trong sổ của văn phòng" if is_barred else "trong tên các tệp kèm theo",
        is_paragraph=len(names) > 1,
    )
    is_slip = form.is_by_officers and envelope.kind == "form"
    text_kind = "slip" if is_slip else ""
    return write_letter(context, envelope, values, {"branches": branches}, attachments, text_kind)


def return_values(
    context: LetterContext, entry: LedgerEntry, branch: str, form: Form, period: str
) -> dict[str, str]:
    """Return what fills the gaps of a letter about a return."""
    form_values = {"form": _form_title(form), "period": _period_title(Period.parse(period))}
    return {**_file_values(context, entry, branch), **form_values}


def _file_values(context: LetterContext, entry: LedgerEntry, branch: str) -> dict[str, str]:
    branch_name = one_line(context.name(branch))
    is_entered = entry.channel == "office"
    return {
        "branch": branch,
        "branch_name": branch_name,
        "received": show(entry.received[:10], _LANG),
        "file": _file_name(entry),
        "entered": _ENTERED if is_entered else "",
    }


def _period_title(period: Period) -> str:
    """Return the period as it stands within a sentence: ``tháng 11 năm 2019``, ``năm 2019``."""
    title = period.title(_LANG)
    return title[:1].lower() + title[1:]


def _form_title(form: Form) -> str:
    return form.title.of(_LANG).lower()


def finding_lines(findings: Iterable[Finding], form: Form | None) -> list[str]:
    """Return findings as lines, equal ones once."""
    return list(dict.fromkeys(_finding_line(f, form, with_fix=True) for f in findings))


def _finding_line(finding: Finding, form: Form | None, *, with_fix: bool) -> str:
    """Return what is wrong, what to do, and the cell in the file received."""
    place = finding.place
    cell = f", ô {place.cell}" if place.cell else ""
    where = f" (trang “{place.sheet}”{cell})" if place.sheet else ""
    message = explain(finding, form, _LANG, to_branch=True)
    return one_line((str(message) if with_fix else message.what) + where)
