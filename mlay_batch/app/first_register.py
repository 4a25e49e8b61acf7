"""Makes the first register of an office, from what `mlay init` asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlay_batch.core.period import Period
from mlay_batch.core.text import name_key, strip_accents
from mlay_batch.model.office_rules import OfficeRules, Profile, in_force
from mlay_batch.model.records import Row, Value
from mlay_batch.schema import Form, load_catalogue
from mlay_batch.schema.ids import MEETING
from mlay_batch.template import TemplateContext, render

_OFFICE_CODE = "VP"  # of an office whose level has no name of its own


@dataclass(frozen=True)
class FirstAnswers:
    """What an office says of itself before it begins.

    Attributes:
        name: its name, such as "Đảng ủy xã Tân Lập".
        level: id of a choice of the register's form.
        start: first month of use.
        due: days after a month's end by which its returns are due.
        officials: meetings a year an official of the office owes; 0: none.
        members: those a committee member of a grassroots committee owes.
    """

    name: str
    place: str
    level: str
    start: Period
    due: int
    officials: int
    members: int


def level_named(text: str) -> str:
    """Return the id of the level of that id or title. Raises ValueError without one.

    >>> level_named("Phường"), level_named("xa")
    ('ward', 'commune')
    """
    for choice in load_catalogue().register_form.choices["level"]:
        if _plain(text) in map(_plain, choice.names):
            return choice.id
    raise ValueError(text)


def _plain(text: str) -> str:
    return strip_accents(name_key(text))


def first_register(answers: FirstAnswers, schemas: Path) -> bytes:
    """Return the register with the office's own row and rules, by its own description if any."""
    rules = OfficeRules(Profile(level=answers.level))
    form = in_force(load_catalogue(schemas), rules, answers.name).register_form
    rows = [Row(section, "", 0, values, {}) for section, values in _entries(answers, form)]
    return render(form, TemplateContext("", answers.name, "", None), rows)


def _entries(answers: FirstAnswers, form: Form) -> Iterator[tuple[str, dict[str, Value]]]:
    start = str(answers.start)
    code = _code(answers.level, form)
    yield "organisations", {"code": code, "name": answers.name, "type": "office"}
    yield "office", {"level": answers.level, "place": answers.place, "start": start}
    for role, times in (
        ("office_official", answers.officials),
        ("committee_member", answers.members),
    ):
        yield "quotas", {"role": role, "from": start, "times": times, "per": "officer"}
    yield "deadlines", {"form": MEETING, "from": start, "due": answers.due, "counted": "period"}


def _code(level: str, form: Form) -> str:
    """Return the initials of what an office of the level is called: "Đảng ủy xã" is DU."""
    short = {choice.id: choice.title.vi for choice in form.choices["office_short"]}.get(level, "")
    words = strip_accents(short).upper().split()[:2]
    return "".join(word[0] for word in words) or _OFFICE_CODE
