"""Writes the letters: receipt, returned form, reminder, blank form.

Every letter goes to registered addresses (`Register.addressee`), never to the address a mail claims
to be from. A branch without an address gets its letters through the committee above it; where that
has none either, its letters go to no address. What may not travel by mail is answered without
content, whoever gets the letter: `write_letter` sees to that for every kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from textwrap import shorten

from mlay_batch.core.findings import Finding
from mlay_batch.core.messages import Message, explain, show
from mlay_batch.core.period import Period
from mlay_batch.mail.letter import Attachment, Letter, due_words, entered_words
from mlay_batch.mail.mail_templates import MailTemplate, one_line
from mlay_batch.mail.return_text import differences, figure_lines, value_text
from mlay_batch.model.records import AcceptedReturn, LedgerEntry, Topic
from mlay_batch.model.register import Register
from mlay_batch.schema.model import Form

CORRECTION_KIND = "correction"  # a repeated request for a correction
_LANG = "vi"
_NO_ITEMS = "- Không có."
_REPLACES_CODE = "L05"  # the letter lists what the correction changed instead
_MAX_LINES = 20  # lines of findings in a letter; the attached form lists them all
_MAX_NAMES = 10  # files in a line of a letter
_MAX_SHORT_NAMES = 3  # files in its subject, branches in a chat
_MAX_CHAT_REASON = 140  # characters of a reason in a chat
_ANSWER_WITHOUT_CONTENT, _REQUEST_WITHOUT_CONTENT = "private", "private_due"
_REQUEST_KINDS = frozenset({"form", "reminder"})


@dataclass(frozen=True)
class LetterContext:
    """The data every letter needs."""

    office_name: str
    register: Register
    texts: Mapping[str, MailTemplate]
    day: date
    """Date of the letters."""

    def name(self, branch: str) -> str:
        """Return the name of an organisation; its code where the register has none."""
        organisation = self.register.by_code.get(branch)
        return organisation.name if organisation else branch

    def addresses(self, addressee: str) -> tuple[str, ...]:
        """Return the addresses in force."""
        return self.register.mail_addresses(addressee, self.day)

    def is_barred(self, envelope: Envelope) -> bool:
        """Whether something that a letter is about may not travel by mail."""
        return any(
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


def write_letter(
    context: LetterContext,
    envelope: Envelope,
    values: Mapping[str, str],
    attachments: Sequence[Attachment] = (),
    text_kind: str = "",
) -> Letter:
    """Return the letter in the text of its kind, or of `text_kind`.

    `values` fill the gaps that not every kind has. A letter about what may not travel by mail has a
    text without content, which knows none of the gaps that tell some; its workbooks are left to
    be handed over. An answer's kind, which its Message-ID names, tells no verdict either.
    """
    is_barred, kind = context.is_barred(envelope), envelope.kind
    if is_barred and kind in _REQUEST_KINDS:
        text_kind = _REQUEST_WITHOUT_CONTENT
    elif is_barred:
        kind = text_kind = _ANSWER_WITHOUT_CONTENT
    common = {
        "office": context.office_name,
        "addressee": context.name(envelope.addressee),
        "today": show(context.day, _LANG),
        "overdue": "",
    }
    subject, chat, body = context.texts[text_kind or envelope.kind].fill({**common, **values})
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
        () if is_barred else tuple(attachments),
        envelope.thread,
        envelope.file,
        tuple(attachments) if is_barred else (),
    )


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
            f"Thư này nhắc lại: hạn gửi lại là ngày {show(self.missed_day, _LANG)}; đến ngày"
            f" {show(context.day, _LANG)}, {context.office_name} chưa nhận được."
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


@dataclass(frozen=True)
class NumberedReturn:
    """An accepted return with its incoming number (số đến), such as ``793/2019``."""

    accepted: AcceptedReturn
    number: str
    before: NumberedReturn | None = None
    """The return it superseded, in the fields of the same form."""
    after: str | None = None
    """Number of the return that has superseded it."""


def receipt(
    context: LetterContext,
    envelope: Envelope,
    numbered: NumberedReturn,
    form: Form,
    other_findings: Sequence[Finding],
) -> Letter:
    """Return the receipt of an accepted return.

    `other_findings` are its findings from comparison with other months and branches.
    """
    accepted = numbered.accepted
    entry = accepted.entry
    findings = [f for f in entry.findings if not f.is_for_clerk and f.code != _REPLACES_CODE]
    values = {
        **_return_values(context, entry, entry.branch or "", form, entry.period or ""),
        "number": numbered.number,
        "sha256": entry.sha256,
        "correction": "\n".join(_correction_lines(context, form, numbered)),
        "figures": "\n".join(figure_lines(context.register, form, accepted.rows)) or _NO_ITEMS,
        "warnings": findings_text(findings, form),
        "other_months": findings_text(other_findings, form),
        "remarks": " ".join(_remarks(numbered, len(findings) + len(other_findings))),
    }
    return write_letter(context, envelope, values)


def _correction_lines(
    context: LetterContext, form: Form, numbered: NumberedReturn
) -> Iterator[str]:
    if before := numbered.before:
        day = show(before.accepted.entry.received[:10], _LANG)
        yield f"Bản này thay bản số đến {before.number} nhận ngày {day}; khác bản trước ở:"
        show_value = partial(value_text, context.register, form)
        changes = differences(form, before.accepted.rows, numbered.accepted.rows, show_value)
        yield from _shorten(map(one_line, changes))
    if numbered.after:
        yield _replaced_text(numbered.after)


def _replaced_text(number: str) -> str:
    return f"Bản này sau đó đã được thay bằng bản số đến {number}."


def _remarks(numbered: NumberedReturn, warning_count: int) -> Iterator[str]:
    """Yield the sentences by which a chat about a return differs from that about any other."""
    if numbered.before:
        yield f"Bản này thay bản số đến {numbered.before.number}."
    if numbered.after:
        yield _replaced_text(numbered.after)
    if warning_count:
        yield f"Có {warning_count} điểm đề nghị xem lại, ghi trong thư báo đã nhận."


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
    error list of the attached form, with its cells, and the letter repeats them. Without them it
    lists the findings with the cells of the file received; beside a blank form only what is wrong,
    since the letter says what to do.
    """
    branch = envelope.topics[0].branch or ""
    errors = [f for f in entry.findings if f.is_error]
    error_lines = [line for line in lines or () if line.is_error]
    error_text = (
        "\n".join(_shorten(map(_error_line, error_lines)))
        if error_lines
        else findings_text(errors, form, with_fix=request.text_kind != "blank")
    )
    count = sum(line.count for line in error_lines) if error_lines else len(errors)
    values = {
        **_return_values(context, entry, branch, form, str(period)),
        **request.values(context),
        "errors": error_text,
        "count": str(count),
        "wrong_cells": _wrong_cells_text(error_lines) or f"{count} lỗi",
    }
    return write_letter(
        context, envelope, values, [attachment] if attachment else [], request.text_kind
    )


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
            reason = explain(finding, form, _LANG)
            names_by_reason.setdefault(reason, []).append(f"“{entry.name}”")
    lines = (
        f"- {_name_list(names, _MAX_NAMES, 'tệp')}: {one_line(str(reason))}"
        for reason, names in names_by_reason.items()
    )
    first, first_reason = files[0][0], next(iter(names_by_reason))
    values = {
        **_file_values(context, first, envelope.topics[0].branch or ""),
        **request.values(context),
        "file": _name_list([entry.name for entry, _ in files], _MAX_SHORT_NAMES, "tệp"),
        "errors": "\n".join(_shorten(lines)),
        "problem": shorten(first_reason.what, _MAX_CHAT_REASON, placeholder="…"),
        "fix": shorten(first_reason.fix, _MAX_CHAT_REASON, placeholder="…"),
    }
    return write_letter(context, envelope, values, text_kind=request.text_kind)


def _name_list(names: Iterable[str], limit: int, unit: str) -> str:
    """Return the names without repeats, on one line; beyond the limit, the number of the rest."""
    unique = list(dict.fromkeys(names))
    more = len(unique) - limit
    text = one_line(", ".join(unique[:limit]))
    return f"{text} và {more} {unit} nữa" if more > 0 else text


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
        "branches": "\n".join(f"- {name} ({code})" for code, name in names.items()),
        "branch_names": _name_list(names.values(), _MAX_SHORT_NAMES, "đơn vị"),
    }
    return write_letter(context, envelope, values, attachments)


def _return_values(
    context: LetterContext, entry: LedgerEntry, branch: str, form: Form, period: str
) -> dict[str, str]:
    form_values = {"form": _form_title(form), "period": _period_title(Period.parse(period))}
    return {**_file_values(context, entry, branch), **form_values}


def _file_values(context: LetterContext, entry: LedgerEntry, branch: str) -> dict[str, str]:
    branch_name = one_line(context.name(branch))
    is_entered = entry.channel == "office"
    return {
        "branch": branch,
        "branch_name": branch_name,
        "received": show(entry.received[:10], _LANG),
        "file": one_line(entry.name),
        "entered": entered_words(context.office_name, branch_name) if is_entered else "",
    }


def _period_title(period: Period) -> str:
    """Return the period as it stands within a sentence: ``tháng 11 năm 2019``, ``năm 2019``."""
    title = period.title(_LANG)
    return title[:1].lower() + title[1:]


def _form_title(form: Form) -> str:
    return form.title.of(_LANG).lower()


def findings_text(findings: Iterable[Finding], form: Form | None, *, with_fix: bool = True) -> str:
    """Return findings as lines: what is wrong, what to do, and the cell in the file received."""
    lines = [_finding_line(finding, form, with_fix=with_fix) for finding in findings]
    return "\n".join(_shorten(lines)) or _NO_ITEMS


def _shorten(lines: Iterable[str]) -> list[str]:
    """Return the lines without repeats; beyond the limit, the number of further lines."""
    unique = list(dict.fromkeys(lines))
    more = len(unique) - _MAX_LINES
    return [*unique[:_MAX_LINES], f"- … và {more} chỗ nữa."] if more > 0 else unique


def _finding_line(finding: Finding, form: Form | None, *, with_fix: bool) -> str:
    place = finding.place
    cell = f", ô {place.cell}" if place.cell else ""
    where = f" (trang “{place.sheet}”{cell})" if place.sheet else ""
    message = explain(finding, form, _LANG)
    return f"- {one_line((str(message) if with_fix else message.what) + where)}"


def _error_line(line: ListedError) -> str:
    return f"- {one_line(f'{line.message} ({line.where})')}"
