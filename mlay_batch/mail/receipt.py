"""Writes the receipt of an accepted return, and the slip (*phiếu nhận*) that lists everything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

from mlay_batch.core.findings import Finding
from mlay_batch.core.messages import concerns_branch, show, text
from mlay_batch.mail.bodies import (
    Envelope,
    LetterContext,
    finding_lines,
    return_values,
    text_attachment,
    write_letter,
)
from mlay_batch.mail.letter import Attachment, Letter
from mlay_batch.mail.mail_templates import one_line
from mlay_batch.mail.return_text import differences, figure_lines, key_figures, value_text
from mlay_batch.mail.shortlist import Shortlist
from mlay_batch.model.answers import AnswerKey, GivenAnswer, answer_key
from mlay_batch.model.records import AcceptedReturn, LedgerEntry, Row
from mlay_batch.model.signatures import SignatureState
from mlay_batch.schema.model import Form

_LANG = "vi"
_NO_ITEMS = "- Không có."
_SLIP = "phiếu nhận kèm theo"
_AMEND = "sửa trong tệp của đơn vị rồi gửi lại"
_AMEND_LIST = "gửi báo cáo theo mẫu, hoặc sửa trong danh sách rồi gửi lại"


@dataclass(frozen=True)
class NumberedReturn:
    """An accepted return with its incoming number (số đến), such as ``793/2019``."""

    accepted: AcceptedReturn
    number: str
    before: NumberedReturn | None = None
    """The return it superseded, in the fields of the same form."""
    after: str | None = None
    """Number of the return that has superseded it."""
    signature: SignatureState | None = None
    """What is known of its signature; None where the office demands none."""


def write_receipt(
    context: LetterContext,
    envelope: Envelope,
    numbered: NumberedReturn,
    form: Form,
    other_findings: Sequence[Finding],
    answer_form: Attachment | None = None,
    answers: Mapping[AnswerKey, GivenAnswer] = MappingProxyType({}),
) -> Letter:
    """Return the receipt of an accepted return, with a slip that lists everything.

    `other_findings` are its findings from comparison with other months and branches; `answer_form`
    is the return in a form with cells for answers to them, None where nothing is to be answered.
    What `answers` explain is not asked again.
    """
    entry, accepted_rows = numbered.accepted.entry, numbered.accepted.rows
    findings = [f for f in (*entry.findings, *other_findings) if concerns_branch(f)]
    asked = [f for f in findings if answer_key(entry, f) not in answers]
    lines, signature = finding_lines(asked, form), _signature_text(numbered.signature)
    explained = list(_explained_lines(findings, entry, form, answers))
    shortlists = {
        "correction": _changes_list(context, form, numbered),
        "points": _points_list(numbered, lines, answer_form, len(explained)),
    }
    values = {
        **return_values(context, entry, entry.branch or "", form, entry.period or ""),
        "number": numbered.number,
        "counts": _counts_text(numbered),
        "figures": key_figures(context.register, form, accepted_rows) or f"ghi ở {_SLIP}",
        "signature": signature,
        "amend": _AMEND_LIST if entry.is_sketch else _AMEND,
        "remarks": _remarks(numbered, signature, shortlists["points"]),
    }
    slip = text_attachment(
        f"{entry.branch}_phieu-nhan_{numbered.number.replace('/', '-')}.txt",
        lambda: _slip_text(context, form, numbered, values, shortlists, explained),
    )
    attachments = [slip, *([answer_form] if answer_form else [])]
    briefs = tuple(_briefs(numbered, shortlists["correction"]))
    return write_letter(context, envelope, values, shortlists, attachments, briefs=briefs)


def _is_unsigned(numbered: NumberedReturn) -> bool:
    """Whether a signature that the office demands is missing."""
    return numbered.signature is not None and numbered.signature.is_unsigned


def _remarks(numbered: NumberedReturn, signature: str, points: Shortlist) -> str:
    """Return what a chat says beside that the return was received."""
    remarks = (_replaces_text(numbered), signature if _is_unsigned(numbered) else "", points.alone)
    return " ".join(filter(None, remarks))


def _briefs(numbered: NumberedReturn, changes: Shortlist) -> Iterator[Mapping[str, str]]:
    """Yield what may stand in a long letter in place of what the slip says in full."""
    yield {"figures": f"ghi ở {_SLIP}"}
    if numbered.signature and numbered.signature.is_unsigned:
        state = numbered.signature.text(_LANG)
        yield {"signature": text("report", "receipt.reference", _LANG, state=state)}
    if numbered.before:
        number, day = numbered.before.number, _day_received(numbered.before)
        where = f", khác {len(changes.items)} chỗ ghi ở {_SLIP}" if changes.items else ""
        paper = _paper(numbered.before)
        yield {"correction": f"Thay {paper} số đến {number} ngày {day}{where}."}


def _explained_lines(
    findings: Iterable[Finding],
    entry: LedgerEntry,
    form: Form,
    answers: Mapping[AnswerKey, GivenAnswer],
) -> Iterator[str]:
    """Yield a line for each warning that is explained, with its answer and who gave that."""
    for finding in findings:
        key = answer_key(entry, finding)
        if answer := answers.get(key) if key else None:
            giver = " (văn phòng ghi thay)" if answer.who else ""
            (line,) = finding_lines((finding,), form)
            yield one_line(f"- {line} Giải trình{giver}: {answer.words}")


def _changes_list(context: LetterContext, form: Form, numbered: NumberedReturn) -> Shortlist:
    """Return what a correction changed."""
    changes, replaced = list(_changes(context, form, numbered)), _replaces_text(numbered)
    return Shortlist(
        changes,
        f"{replaced} Khác bản trước:" if changes else replaced,
        f"{replaced} Khác {len(changes)} chỗ, ghi ở {_SLIP}.",
        unit="chỗ",
        place=f"ở {_SLIP}",
    )


def _points_list(
    numbered: NumberedReturn,
    points: Sequence[str],
    answer_form: Attachment | None,
    explained_count: int,
) -> Shortlist:
    """Return what the branch is to look at again, or to explain in the form attached."""
    count = len(points)
    if not points:
        closing = "" if _is_unsigned(numbered) else ", không phải trả lời thư này"
        if explained_count:
            closing = f" (đã có giải trình {explained_count} điểm){closing}"
        return Shortlist((), f"Không có điểm nào phải xem lại{closing}.")
    there_are = f"Đã có giải trình {explained_count} điểm. Còn" if explained_count else "Có"
    heading = f"{there_are} {count} điểm đề nghị xem lại, đúng rồi thì không phải gửi lại:"
    alone = f"{there_are} {count} điểm đề nghị xem lại, ghi ở {_SLIP}."
    if answer_form:
        way = f"ghi lý do vào cột Giải trình ở trang đầu tệp {answer_form.name}"
        heading = f"{there_are} {count} điểm đề nghị sửa, hoặc {way}, rồi gửi lại tệp ấy:"
        alone = f"{there_are} {count} điểm đề nghị sửa, hoặc {way}, rồi gửi lại tệp ấy."
    return Shortlist(points, heading, alone, unit="điểm", place=f"ở {_SLIP}")


def _slip_text(
    context: LetterContext,
    form: Form,
    numbered: NumberedReturn,
    values: Mapping[str, str],
    shortlists: Mapping[str, Shortlist],
    explained: Sequence[str],
) -> str:
    """Return the slip of a receipt: all figures, points and changes, and the file's hash."""
    accepted = numbered.accepted
    figures = figure_lines(context.register, form, accepted.rows) or [_NO_ITEMS]
    parts = (
        f"PHIẾU NHẬN SỐ {numbered.number}",
        context.office_name,
        "",
        f"Đơn vị: {values['branch_name']} ({values['branch']})",
        f"Báo cáo: {values['form']} {values['period']}",
        f"Ngày nhận: {values['received']}",
        f"Tệp: {one_line(accepted.entry.name)}",
        f"Mã kiểm tra tệp (SHA-256): {accepted.entry.sha256}",
        f"Kết quả: {values['counts']}.",
        *filter(None, (values["signature"], values["entered"])),
        "",
        "Số liệu đã nhận (mục nào để trống hoặc bằng 0 thì không liệt kê):",
        *figures,
        *(f"\n{shortlist}" for shortlist in shortlists.values() if str(shortlist)),
        *(("\nĐã giải trình:", *explained) if explained else ()),
        f"\nHỏi: {context.contact}.",
    )
    return "\n".join(parts) + "\n"


def _counts_text(numbered: NumberedReturn) -> str:
    """Return whether the return counts."""
    if numbered.after:
        return f"số liệu tính theo bản gửi sau, số đến {numbered.after}"
    if numbered.accepted.entry.is_sketch:
        return "đã tính phần danh sách có ghi, phần khác là không báo cáo"
    return "số liệu đã được tính"


def _replaces_text(numbered: NumberedReturn) -> str:
    """Return which return it superseded; empty if none."""
    if not numbered.before:
        return ""
    day, number = _day_received(numbered.before), numbered.before.number
    return f"Bản này thay {_paper(numbered.before)} số đến {number} nhận ngày {day}."


def _paper(numbered: NumberedReturn) -> str:
    """Return what was sent, as a later return speaks of it."""
    is_sketch = numbered.accepted.entry.is_sketch
    return "dòng của chi bộ trong danh sách" if is_sketch else "bản"


def _day_received(numbered: NumberedReturn) -> str:
    return show(numbered.accepted.entry.received[:10], _LANG)


def _changes(context: LetterContext, form: Form, numbered: NumberedReturn) -> Iterator[str]:
    """Yield what differs from the return it superseded; from a list in what that says."""
    if before := numbered.before:
        show_value = partial(value_text, context.register, form)
        old_rows: Sequence[Row] = before.accepted.rows
        new_rows: Sequence[Row] = numbered.accepted.rows
        if before.accepted.entry.is_sketch:
            new_rows = _as_far_as(old_rows, new_rows)
        changes = differences(form, old_rows, new_rows, show_value)
        yield from dict.fromkeys(map(one_line, changes))


def _as_far_as(sketch: Sequence[Row], rows: Sequence[Row]) -> list[Row]:
    """Return the rows with the fields alone that a list fills somewhere."""
    filled = {(r.section, name) for r in sketch for name, v in r.values.items() if v is not None}
    pairs = (
        (row, {name: v for name, v in row.values.items() if (row.section, name) in filled})
        for row in rows
    )
    return [replace(row, values=values) for row, values in pairs if values]


def _signature_text(state: SignatureState | None) -> str:
    """Return what a receipt says of a signature; nothing where none is demanded."""
    if state is None:
        return ""
    key = "unsigned" if state.is_unsigned else "signed"
    return text("report", f"receipt.{key}", _LANG, state=state.text(_LANG))
