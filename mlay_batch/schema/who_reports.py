"""What a form calls who fills it in, in its heading and below it: a unit, or an officer."""

from __future__ import annotations

from collections.abc import Mapping

from mlay_batch.schema.model import HEADER, Field, Form, Section, Text

_OFFICER_TITLES: Mapping[str, Text] = {
    "branch": Text("Cán bộ đi dự", "Officer"),
    "assigned": Text("Chi bộ được phân công", "Cells assigned"),
}
_SIGNED = Text("(Ký, ghi rõ họ tên)", "(signature, full name)")
_BLANK = Text("", "")
_UNIT_SIGNATURES = (
    (Text("NGƯỜI LẬP BIỂU", "PREPARED BY"), Text("T/M CẤP ỦY\nBÍ THƯ", "SECRETARY")),
    (_SIGNED, _SIGNED),
)
_OFFICER_SIGNATURES = (
    (_BLANK, Text("CÁN BỘ ĐI DỰ", "OFFICER")),
    (_BLANK, _SIGNED),
)


def heading_title(form: Form, section: Section, field: Field) -> Text:
    """Return the title of a line; an officer's slip is headed by him, not by a unit."""
    is_heading = section is HEADER and form.is_by_officers
    return _OFFICER_TITLES.get(field.id, field.title) if is_heading else field.title


def signatures(form: Form) -> tuple[tuple[Text, Text], ...]:
    """Return the lines below a form, left and right: who signs, and how."""
    return _OFFICER_SIGNATURES if form.is_by_officers else _UNIT_SIGNATURES
