"""Writes the receipt of an accepted return, and the slip (*phiếu nhận*) that lists everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

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
from mlay_batch.model.records import AcceptedReturn
from mlay_batch.model.signatures import SignatureState
from mlay_batch.schema.model import Form

_LANG = "vi"
_NO_ITEMS = "- Không có."
_SLIP = "phiếu nhận kèm theo"


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
    answered: frozenset[tuple[str, str]] = frozenset()
    """Its warnings that were explained: code, and `Finding.question`."""

    def is_explained(self, finding: Finding) -> bool:
        """Whether a finding of it was explained, so that nothing is to be done about it."""
        return finding.is_answerable and (finding.code, finding.question) in self.answered


def write_receipt(
    context: LetterContext,
    envelope: Envelope,
    numbered: NumberedReturn,
    form: Form,
    other_findings: Sequence[Finding],
    answer_form: Attachment | None = None,
) -> Letter:
    """Return the receipt of an accepted return, with a slip that lists everything.

    `other_findings` are its findings from comparison with other months and branches; `answer_form`
    is the return in a form with cells for answers to them, None where nothing is to be answered.
    """
    accepted = numbered.accepted
    entry = accepted.entry
    findings = [f for f in (*entry.findings, *other_findings) if concerns_branch(f)]
    lines = finding_lines([f for f in findings if not numbered.is_explained(f)], form)
    explained = finding_lines([f for f in findings if numbered.is_explained(f)], form)
    signature = _signature_text(numbered.signature)
    shortlists = {
        "correction": _changes_list(context, form, numbered),
        "points": _points_list(numbered, lines, len(explained), answer_form),
    }
    is_unsigned = numbered.signature is not None and numbered.signature.is_unsigned
    points = shortlists["points"].alone
    remarks = (_replaces_text(numbered), signature if is_unsigned else "", points)
    values = {
        **return_values(context, entry, entry.branch or "", form, entry.period or ""),
        "number": numbered.number,
        "counts": _counts_text(numbered),
        "figures": key_figures(context.register, form, accepted.rows) or f"ghi ở {_SLIP}",
        "signature": signature,
        "remarks": " ".join(filter(None, remarks)),
    }
    slip = text_attachment(
        f"{entry.branch}_phieu-nhan_{numbered.number.replace('/', '-')}.txt",
        lambda: _slip_text(context, form, numbered, values, shortlists),
    )
    attachments = [slip, *([answer_form] if answer_form else [])]
    return write_letter(context, envelope, values, shortlists, attachments)


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
    numbered: NumberedReturn, points: Sequence[str], explained: int, answer_form: Attachment | None
) -> Shortlist:
    """Return what the branch is to look at again, or to explain in the form attached.

    Not what it has `explained`.
    """
    count, state = len(points), numbered.signature
    if not points:
        closing = "" if state and state.is_unsigned else ", không phải trả lời thư này"
        done = f"Đã ghi giải trình {explained} điểm" if explained else ""
        return Shortlist((), f"{done or 'Không có điểm nào phải xem lại'}{closing}.")
    heading = f"Có {count} điểm đề nghị xem lại, đúng rồi thì không phải gửi lại:"
    alone = f"Có {count} điểm đề nghị xem lại, ghi ở {_SLIP}."
    if answer_form:
        way = f"ghi lý do vào cột Giải trình ở trang đầu tệp {answer_form.name}"
        heading = f"Có {count} điểm đề nghị sửa, hoặc {way}, rồi gửi lại tệp ấy:"
        alone = f"Có {count} điểm đề nghị sửa, hoặc {way}, rồi gửi lại tệp ấy."
    return Shortlist(points, heading, alone, unit="điểm", place=f"ở {_SLIP}")


def _slip_text(
    context: LetterContext,
    form: Form,
    numbered: NumberedReturn,
    values: Mapping[str, str],
    shortlists: Mapping[str, Shortlist],
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
        "",
        "Số liệu đã nhận (mục nào để trống hoặc bằng 0 thì không liệt kê):",
        *figures,
        *(f"\n{shortlist}" for shortlist in shortlists.values() if str(shortlist)),
        f"\nHỏi: {context.contact}.",
    )
    return "\n".join(parts) + "\n"


def _counts_text(numbered: NumberedReturn) -> str:
    """Return whether the return counts."""
    if numbered.after:
        return f"số liệu tính theo bản gửi sau, số đến {numbered.after}"
    return "số liệu đã được tính"


def _replaces_text(numbered: NumberedReturn) -> str:
    """Return which return it superseded; empty if none."""
    if not numbered.before:
        return ""
    day = show(numbered.before.accepted.entry.received[:10], _LANG)
    return f"Bản này thay bản số đến {numbered.before.number} nhận ngày {day}."


def _changes(context: LetterContext, form: Form, numbered: NumberedReturn) -> Iterator[str]:
    """Yield what differs from the return it superseded."""
    if before := numbered.before:
        show_value = partial(value_text, context.register, form)
        changes = differences(form, before.accepted.rows, numbered.accepted.rows, show_value)
        yield from dict.fromkeys(map(one_line, changes))


def _signature_text(state: SignatureState | None) -> str:
    """Return what a receipt says of a signature; nothing where none is demanded."""
    if state is None:
        return ""
    key = "unsigned" if state.is_unsigned else "signed"
    return text("report", f"receipt.{key}", _LANG, state=state.text(_LANG))
