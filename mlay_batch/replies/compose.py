"""What the letters say: receipt, returned form, reminder, blank form.

Every letter goes to registered addresses (`Register.addressee`), never to whom a mail claims to
be from. A branch without an address is written to through the committee above it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from mlay_batch.findings import Finding, Severity
from mlay_batch.messages import Message, explain, show
from mlay_batch.names import is_mail_address
from mlay_batch.period import Period
from mlay_batch.records import Delivery, Return, Row, Value
from mlay_batch.register import Register
from mlay_batch.replies.difference import differences
from mlay_batch.replies.letters import Attachment, Letter, Topic
from mlay_batch.replies.texts import Text, one_line
from mlay_batch.schema.records import Field, Form

REMINDED = "correction"  # the kind of a letter that asks for a correction once more
_LANG = "vi"
_NONE = "- Không có."
_REPLACES = "L05"  # told in full where the letter says what a correction changed
_MOST = 20  # lines of findings in a letter; the attached form lists them all
_MOST_ROWS = 12


@dataclass(frozen=True)
class Desk:
    """What every letter is written with. `day` is the date of the letters."""

    town: str
    register: Register
    texts: Mapping[str, Text]
    day: date

    def name(self, branch: str) -> str:
        """Return the name of an organisation, its code where the register has none."""
        found = self.register.by_code.get(branch)
        return found.name if found else branch

    def addresses(self, addressee: str) -> tuple[str, ...]:
        """Return the addresses in force that a mail can be sent to."""
        return tuple(m for m in self.register.mails(addressee, self.day) if is_mail_address(m))


@dataclass(frozen=True)
class Envelope:
    """To whom, about what, as an answer to which mails."""

    kind: str
    addressee: str
    topics: tuple[Topic, ...]
    thread: tuple[str, ...] = ()


def write(
    desk: Desk,
    envelope: Envelope,
    values: Mapping[str, str],
    attachments: Sequence[Attachment] = (),
    words: str = "",
) -> Letter:
    """Return the letter in the words of its kind, or of the kind `words`; `values` fill their gaps
    beside those every kind has.
    """
    common = {
        "town": desk.town,
        "addressee": desk.name(envelope.addressee),
        "today": show(desk.day, _LANG),
    }
    subject, body = desk.texts[words or envelope.kind].fill({**common, **values})
    if envelope.kind == REMINDED:
        subject = f"Nhắc lại: {subject}"
    return Letter(
        envelope.kind, envelope.topics, envelope.addressee, desk.addresses(envelope.addressee),
        subject, body, tuple(attachments), envelope.thread,
    )  # fmt: skip


@dataclass(frozen=True)
class Wish:
    """What is asked of a branch whose file did not count: to send it again by the day `due`.

    `words` is the kind of letter that says so; `missed` the day it was asked for in vain before.
    """

    words: str
    due: date
    missed: date | None = None

    def values(self, desk: Desk) -> dict[str, str]:
        """Return what fills the gaps that these letters have in common."""
        overdue = (
            f"Thư này nhắc lại: hạn gửi lại là ngày {show(self.missed, _LANG)}; đến ngày"
            f" {show(desk.day, _LANG)}, {desk.town} chưa nhận được."
        )
        return {"due": show(self.due, _LANG), "overdue": overdue if self.missed else ""}


@dataclass(frozen=True)
class ListedError:
    """A line of the list of errors in a form given back: how many findings, where, what to do."""

    is_error: bool
    count: int
    where: str
    message: Message


@dataclass(frozen=True)
class Counted:
    """An accepted return with its incoming number (số đến), such as ``793/2019``.

    `before` is the return it took the place of, in the fields of the same form; `after` the number
    of the one that took its place since.
    """

    returned: Return
    number: str
    before: Counted | None = None
    after: str | None = None


def receipt(
    desk: Desk,
    envelope: Envelope,
    counts: Counted,
    form: Form,
    others: Sequence[Finding],
) -> Letter:
    """Return the receipt of an accepted return; `others` are the findings that came of other
    months and branches.
    """
    returned = counts.returned
    delivery = returned.delivery
    told = [
        f for f in delivery.findings if f.severity is not Severity.TRIAL and f.code != _REPLACES
    ]
    values = {
        **_about(desk, delivery, delivery.branch or "", form, delivery.period or ""),
        "number": counts.number,
        "sha256": delivery.sha256,
        "correction": "\n".join(_correction(desk, form, counts)),
        "figures": "\n".join(counted(desk, form, returned.rows)) or _NONE,
        "warnings": said(told, form),
        "other_months": said(others, form),
    }
    return write(desk, envelope, values)


def _correction(desk: Desk, form: Form, counts: Counted) -> Iterator[str]:
    if before := counts.before:
        day = show(before.returned.delivery.received[:10], _LANG)
        yield f"Bản này thay bản số đến {before.number} nhận ngày {day}; khác bản trước ở:"
        shown = partial(_value, desk, form)
        changes = differences(form, before.returned.rows, counts.returned.rows, shown)
        yield from _shortened(map(one_line, changes))
    if counts.after:
        yield f"Bản này sau đó đã được thay bằng bản số đến {counts.after}."


def returned_form(
    desk: Desk,
    envelope: Envelope,
    delivery: Delivery,
    form: Form,
    period: Period,
    wish: Wish,
    attachment: Attachment | None = None,
    lines: Sequence[ListedError] | None = None,
) -> Letter:
    """Return the letter with the branch's own form marked, (words ``blank``) the right one, or
    (``redo``) nothing but what is wrong.

    `lines` are those of the attached form's list of errors, with its own cells: the letter says
    the same. Without them the findings are told with the cells of the file that was sent.
    """
    branch = envelope.topics[0].branch or ""
    errors = [f for f in delivery.findings if f.is_error]
    own = [line for line in lines or () if line.is_error]
    told = "\n".join(_shortened(map(_listed, own))) if own else said(errors, form)
    values = {
        **_about(desk, delivery, branch, form, str(period)),
        **wish.values(desk),
        "errors": told,
        "count": str(sum(line.count for line in own) if own else len(errors)),
    }
    return write(desk, envelope, values, [attachment] if attachment else [], wish.words)


def unopened(
    desk: Desk, envelope: Envelope, delivery: Delivery, findings: Sequence[Finding], wish: Wish
) -> Letter:
    """Return the letter that asks for a file nobody could open once more, for those reasons."""
    values = {
        **_file(desk, delivery, envelope.topics[0].branch or ""),
        **wish.values(desk),
        "errors": said(findings, None),
    }
    return write(desk, envelope, values, words=wish.words)


def many(
    desk: Desk,
    envelope: Envelope,
    form: Form,
    period: Period,
    due: date,
    attachments: Sequence[Attachment],
) -> Letter:
    """Return a reminder or the blank forms, for one branch or a committee's cells."""
    values = {
        "form": _title(form),
        "period": show(str(period), _LANG),
        "due": show(due, _LANG),
        "branches": "\n".join(
            f"- {one_line(desk.name(topic.branch or ''))} ({topic.branch})"
            for topic in envelope.topics
        ),
    }
    return write(desk, envelope, values, attachments)


def _about(desk: Desk, delivery: Delivery, branch: str, form: Form, period: str) -> dict[str, str]:
    told = {"form": _title(form), "period": show(period, _LANG)}
    return {**_file(desk, delivery, branch), **told}


def _file(desk: Desk, delivery: Delivery, branch: str) -> dict[str, str]:
    return {
        "branch": branch,
        "branch_name": one_line(desk.name(branch)),
        "received": show(delivery.received[:10], _LANG),
        "file": one_line(delivery.name),
    }


def _title(form: Form) -> str:
    return form.title.of(_LANG).lower()


def said(findings: Iterable[Finding], form: Form | None) -> str:
    """Return findings as lines: what, what to do, and the cell of the file that was sent."""
    return "\n".join(_shortened([_line(finding, form) for finding in findings])) or _NONE


def _shortened(lines: Iterable[str]) -> list[str]:
    """Return the lines, none twice, and how many more there are."""
    found = list(dict.fromkeys(lines))
    more = len(found) - _MOST
    return [*found[:_MOST], f"- … và {more} chỗ nữa."] if more > 0 else found


def _line(finding: Finding, form: Form | None) -> str:
    place = finding.place
    where = f" (trang “{place.sheet}”, ô {place.cell})" if place.sheet and place.cell else ""
    return f"- {one_line(str(explain(finding, form, _LANG)) + where)}"


def _listed(line: ListedError) -> str:
    return f"- {one_line(f'{line.message} ({line.where})')}"


def counted(desk: Desk, form: Form, rows: Sequence[Row]) -> list[str]:
    """Return the figures of a return as lines: cards field by field, tables row by row.

    Free texts are left out: they are not counted. So is what a card has as 0, or as nothing else
    was chosen.
    """
    lines: list[str] = []
    for section in form.sections:
        own = [row for row in rows if row.section == section.id]
        title, table = section.title.of(_LANG), section.layout == "table"
        if table:
            lines.append(f"- {title}: {f'{len(own)} dòng' if own else 'không có'}")
        for row in own[:_MOST_ROWS]:
            shown = [
                f"{entry.title.of(_LANG)} {_value(desk, form, entry, row.values[entry.id])}"
                for entry in section.fields
                if _tells(entry, row.values.get(entry.id), table=table)
            ]
            if shown:
                lines.append(("  + " if table else f"- {title}: ") + "; ".join(shown))
    return [one_line(line) if line[0] == "-" else "  " + one_line(line) for line in lines]


def _tells(entry: Field, value: Value, *, table: bool) -> bool:
    if entry.type == "text" or value is None:
        return False
    return table or value not in (0, entry.default)


def _value(desk: Desk, form: Form, entry: Field, value: Value) -> str:
    if entry.type == "choice" and entry.choices:
        titles = {c.id: c.title.of(_LANG) for c in form.choices[entry.choices]}
        return titles.get(str(value), str(value))
    if entry.type == "ref":
        officer = desk.register.officer_by_code.get(str(value))
        name = officer.name if officer else desk.name(str(value))
        return f"{name} ({value})" if name != value else name
    return show(value, _LANG)
