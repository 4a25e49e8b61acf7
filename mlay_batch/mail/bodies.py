"""Writes the letters: receipt, returned form, reminder, blank form.

Every letter goes to registered addresses (`Register.addressee`), never to the address a mail claims
to be from. A branch without an address gets its letters through the committee above it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import zip_longest

from mlay_batch.core.findings import Finding, Severity
from mlay_batch.core.messages import Message, explain, show
from mlay_batch.core.period import Period
from mlay_batch.mail.letter import Attachment, Letter, due_words
from mlay_batch.mail.mail_templates import MailTemplate, one_line
from mlay_batch.model.records import AcceptedReturn, LedgerEntry, Row, Topic, Value
from mlay_batch.model.register import Register
from mlay_batch.schema.model import Field, Form, Section
from mlay_batch.schema.switches import may_be_absent

CORRECTION_KIND = "correction"  # a repeated request for a correction
_LANG = "vi"
_NO_ITEMS = "- Không có."
_REPLACES_CODE = "L05"  # the letter lists what the correction changed instead
_MAX_LINES = 20  # lines of findings in a letter; the attached form lists them all
_MAX_ROWS = 12
_MAX_NAMES, _MAX_SUBJECT_NAMES = 10, 3  # files in a line of a letter, and in its subject

Values = Mapping[str, Value]


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


@dataclass(frozen=True)
class Envelope:
    """Recipient, topics and thread of a letter."""

    kind: str
    addressee: str
    topics: tuple[Topic, ...]
    thread: tuple[str, ...] = ()
    """Message-IDs of the mails it answers."""


def write_letter(
    context: LetterContext,
    envelope: Envelope,
    values: Mapping[str, str],
    attachments: Sequence[Attachment] = (),
    text_kind: str = "",
) -> Letter:
    """Return the letter in the text of its kind, or of `text_kind`.

    `values` fill the gaps that not every kind has.
    """
    common = {
        "office": context.office_name,
        "addressee": context.name(envelope.addressee),
        "today": show(context.day, _LANG),
    }
    subject, body = context.texts[text_kind or envelope.kind].fill({**common, **values})
    if envelope.kind == CORRECTION_KIND:
        subject = f"Nhắc lại: {subject}"
    return Letter(
        envelope.kind,
        envelope.topics,
        envelope.addressee,
        context.addresses(envelope.addressee),
        subject,
        body,
        tuple(attachments),
        envelope.thread,
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
    """

    is_error: bool
    count: int
    where: str
    message: Message


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
    findings = [
        f for f in entry.findings if f.severity is not Severity.TRIAL and f.code != _REPLACES_CODE
    ]
    values = {
        **_return_values(context, entry, entry.branch or "", form, entry.period or ""),
        "number": numbered.number,
        "sha256": entry.sha256,
        "correction": "\n".join(_correction_lines(context, form, numbered)),
        "figures": "\n".join(figure_lines(context, form, accepted.rows)) or _NO_ITEMS,
        "warnings": findings_text(findings, form),
        "other_months": findings_text(other_findings, form),
    }
    return write_letter(context, envelope, values)


def _correction_lines(
    context: LetterContext, form: Form, numbered: NumberedReturn
) -> Iterator[str]:
    if before := numbered.before:
        day = show(before.accepted.entry.received[:10], _LANG)
        yield f"Bản này thay bản số đến {before.number} nhận ngày {day}; khác bản trước ở:"
        show_value = partial(_value_text, context, form)
        changes = differences(form, before.accepted.rows, numbered.accepted.rows, show_value)
        yield from _shorten(map(one_line, changes))
    if numbered.after:
        yield f"Bản này sau đó đã được thay bằng bản số đến {numbered.after}."


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
    values = {
        **_return_values(context, entry, branch, form, str(period)),
        **request.values(context),
        "errors": error_text,
        "count": str(sum(line.count for line in error_lines) if error_lines else len(errors)),
    }
    return write_letter(
        context, envelope, values, [attachment] if attachment else [], request.text_kind
    )


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
    names_by_reason: dict[str, list[str]] = {}
    for entry, findings in files:
        for finding in findings:
            reason = str(explain(finding, form, _LANG))
            names_by_reason.setdefault(reason, []).append(f"“{entry.name}”")
    lines = (
        f"- {_name_list(names, _MAX_NAMES)}: {one_line(reason)}"
        for reason, names in names_by_reason.items()
    )
    first = files[0][0]
    values = {
        **_file_values(context, first, envelope.topics[0].branch or ""),
        **request.values(context),
        "file": _name_list([entry.name for entry, _ in files], _MAX_SUBJECT_NAMES),
        "errors": "\n".join(_shorten(lines)),
    }
    return write_letter(context, envelope, values, text_kind=request.text_kind)


def _name_list(names: Iterable[str], limit: int) -> str:
    """Return the names without repeats, on one line; beyond the limit, the number of the rest."""
    unique = list(dict.fromkeys(names))
    more = len(unique) - limit
    text = one_line(", ".join(unique[:limit]))
    return f"{text} và {more} tệp nữa" if more > 0 else text


def group_letter(
    context: LetterContext,
    envelope: Envelope,
    form: Form,
    period: Period,
    attachments: Sequence[Attachment],
) -> Letter:
    """Return a reminder or the blank forms, for one branch or for the cells of a committee."""
    values = {
        "form": _form_title(form),
        "period": _period_title(period),
        "due": due_words(form.due_in(period), period),
        "branches": "\n".join(
            f"- {one_line(context.name(topic.branch or ''))} ({topic.branch})"
            for topic in envelope.topics
        ),
    }
    return write_letter(context, envelope, values, attachments)


def _return_values(
    context: LetterContext, entry: LedgerEntry, branch: str, form: Form, period: str
) -> dict[str, str]:
    form_values = {"form": _form_title(form), "period": _period_title(Period.parse(period))}
    return {**_file_values(context, entry, branch), **form_values}


def _file_values(context: LetterContext, entry: LedgerEntry, branch: str) -> dict[str, str]:
    return {
        "branch": branch,
        "branch_name": one_line(context.name(branch)),
        "received": show(entry.received[:10], _LANG),
        "file": one_line(entry.name),
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
    where = f" (trang “{place.sheet}”, ô {place.cell})" if place.sheet and place.cell else ""
    message = explain(finding, form, _LANG)
    return f"- {one_line((str(message) if with_fix else message.what) + where)}"


def _error_line(line: ListedError) -> str:
    return f"- {one_line(f'{line.message} ({line.where})')}"


def figure_lines(context: LetterContext, form: Form, rows: Sequence[Row]) -> list[str]:
    """Return the figures of a return as lines: cards field by field, the others record by record.

    Free texts are left out, as are blanks, 0, the default values of a card and, in a record that
    hangs on another, what all records it may hang on have in common.
    """
    lines: list[str] = []
    for section in form.sections:
        section_rows = [row for row in rows if row.section == section.id]
        title, is_card = section.title.of(_LANG), section.layout == "card"
        if not is_card and (section_rows or not may_be_absent(form, section)):
            count = f"{len(section_rows)} {_record_word(section)}" if section_rows else "không có"
            lines.append(f"- {title}: {count}")
        common = _common_fields(section, rows)
        for row in section_rows[:_MAX_ROWS]:
            values = [
                f"{_field_title(section, row.values, field)}"
                f" {_value_text(context, form, field, row.values[field.id])}"
                for field in section.fields
                if field.id not in common
                and _is_counted(field, row.values.get(field.id), is_card=is_card)
            ]
            if values:
                lines.append((f"- {title}: " if is_card else "  + ") + "; ".join(values))
    return [one_line(line) if line[0] == "-" else "  " + one_line(line) for line in lines]


def _common_fields(section: Section, rows: Sequence[Row]) -> Set[str]:
    """Return the inherited fields that do not tell apart the records the section hangs on."""
    base = [row.values for row in rows if row.section == section.under]
    return {name for name in section.inherits if base and len({row.get(name) for row in base}) == 1}


def _is_counted(field: Field, value: Value, *, is_card: bool) -> bool:
    if field.type in ("text", "mail") or value in (None, 0):
        return False
    return not is_card or value != field.default


def _record_word(section: Section) -> str:
    """Return what one record of the section is called within a sentence."""
    if section.layout == "columns":
        return section.record.of(_LANG).lower() if section.record else "mục"
    return "dòng"


def _field_title(section: Section, row: Values, field: Field) -> str:
    """Return the title of a field as it stands in the part of a column that the record is of."""
    for part in section.parts:
        if part.set_ and all(row.get(name) == value for name, value in part.set_.items()):
            title = part.lines.get(field.id)
            return title.of(_LANG) if title else field.title.of(_LANG)
    return field.title.of(_LANG)


def _value_text(context: LetterContext, form: Form, field: Field, value: Value) -> str:
    if field.type == "choice" and field.choices:
        titles = {c.id: c.title.of(_LANG) for c in form.choices[field.choices]}
        return titles.get(str(value), str(value))
    if field.type == "ref":
        officer = context.register.officer_by_code.get(str(value))
        name = officer.name if officer else context.name(str(value))
        return f"{name} ({value})" if name != value else name
    return show(value, _LANG)


# What a correction changed


ValueFormatter = Callable[[Field, Value], str]
_Change = tuple[str, Value, Value]  # field id, value before and after
_BLANK = "(trống)"


def differences(
    form: Form, before: Sequence[Row], after: Sequence[Row], show_value: ValueFormatter
) -> Iterator[str]:
    """Yield one line for each field that differs, in the order of the form.

    Rows that occur in both returns are left out wherever they stand. The remaining rows are
    compared in pairs, in order; a row without a partner was added or removed. A change that a
    record shares with the one it hangs on is told once. `show_value` formats a value.
    """
    changed: dict[str, set[_Change]] = {}
    for section in form.sections:
        old, new = (
            [row.values for row in rows if row.section == section.id] for rows in (before, after)
        )
        removed, added = _subtract(old, new), _subtract(new, old)
        known = changed.get(section.under or "", set())
        for old_row, new_row in zip_longest(removed, added):
            changes = _changes(section, old_row, new_row)
            changed.setdefault(section.id, set()).update(changes)
            yield from _change_lines(section, old_row, new_row, changes - known, show_value)


def _changes(section: Section, old_row: Values | None, new_row: Values | None) -> set[_Change]:
    """Return what differs between a row and its successor; nothing for a row without one.

    The band of points is left out: it says again what the points say.
    """
    if old_row is None or new_row is None:
        return set()
    return {
        (field.id, old_row.get(field.id), new_row.get(field.id))
        for field in section.fields
        if old_row.get(field.id) != new_row.get(field.id) and not field.is_band
    }


def _subtract(rows: Sequence[Values], others: Sequence[Values]) -> list[Values]:
    """Return the rows not among `others`; of equal rows, the surplus."""
    remaining = [_without_blanks(other) for other in others]
    result = []
    for row in rows:
        if _without_blanks(row) in remaining:
            remaining.remove(_without_blanks(row))
        else:
            result.append(row)
    return result


def _without_blanks(row: Values) -> dict[str, Value]:
    return {field: value for field, value in row.items() if value is not None}


def _change_lines(
    section: Section,
    old_row: Values | None,
    new_row: Values | None,
    changes: Set[_Change],
    show_value: ValueFormatter,
) -> Iterator[str]:
    title = section.title.of(_LANG)
    if old_row is None or new_row is None:
        single_row = old_row or new_row or {}
        filled = (f for f in section.fields if single_row.get(f.id) is not None and not f.is_band)
        text = "; ".join(_field_text(section, field, single_row, show_value) for field in filled)
        verb = "bỏ" if new_row is None else "thêm"
        yield f"- {title}: {verb} {_record_word(section)} {text}"
        return
    label = _row_label(section, new_row, show_value)
    for field in section.fields:
        old, new = old_row.get(field.id), new_row.get(field.id)
        if (field.id, old, new) in changes:
            before = _text_or_blank(field, old, show_value)
            change = f"{before} → {_text_or_blank(field, new, show_value)}"
            yield f"- {title}{label}: {_field_title(section, new_row, field)} {change}"


def _row_label(section: Section, row: Values, show_value: ValueFormatter) -> str:
    """Return the text that identifies a record: its first value, none in a card."""
    if section.layout == "card":
        return ""
    first = next((field for field in section.fields if row.get(field.id) is not None), None)
    return f", {_field_text(section, first, row, show_value)}" if first else ""


def _field_text(section: Section, field: Field, row: Values, show_value: ValueFormatter) -> str:
    return f"{_field_title(section, row, field)} {show_value(field, row[field.id])}"


def _text_or_blank(field: Field, value: Value, show_value: ValueFormatter) -> str:
    return _BLANK if value is None else show_value(field, value)
