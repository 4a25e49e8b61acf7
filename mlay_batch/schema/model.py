"""Frozen records of the YAML descriptions: forms, sections, fields, rules, quotas.

Plain dataclasses, so that a reader process gets them by pickle without importing pydantic;
`load` checks YAML against them with pydantic. Field names here *are* the YAML keys (a trailing
underscore is dropped: `from_` is `from`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from mlay_batch.core.findings import Severity
from mlay_batch.core.period import Period
from mlay_batch.schema.ids import ROLLUP


class Record:
    """Base of all records: an unknown YAML key is an error."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {
        "extra": "forbid",
        "alias_generator": lambda name: name.rstrip("_"),
        "str_strip_whitespace": True,
    }


@dataclass(frozen=True, slots=True)
class Text(Record):
    """One text in both languages."""

    vi: str
    en: str

    def of(self, lang: str) -> str:
        """Return the text in `lang` (Vietnamese unless ``en``)."""
        return self.en if lang == "en" else self.vi


@dataclass(frozen=True, slots=True)
class Effective(Record):
    """First and last month in which a description holds, ``2018-07``; open ends are None."""

    from_: str
    to: str | None = None

    def __post_init__(self) -> None:
        for month in (self.from_, self.to):
            if month is not None and Period.parse(month).kind != "month":
                raise ValueError(f"a month such as 2018-07 is wanted, not {month}")
        if self.to is not None and Period.parse(self.to).start < Period.parse(self.from_).start:
            raise ValueError(f"{self.to} is before {self.from_}")

    def covers(self, period: Period) -> bool:
        """Return whether the description holds on the last day of `period`."""
        day = period.end
        has_begun = Period.parse(self.from_).start <= day
        return has_begun and (self.to is None or day <= Period.parse(self.to).end)


@dataclass(frozen=True, slots=True)
class Choice(Record):
    """One value of a dropdown: `id` is stored, `title` is shown."""

    id: str
    title: Text


FieldType = Literal["date", "integer", "number", "text", "choice", "ref", "period"]


@dataclass(frozen=True, slots=True)
class Field(Record):
    """One value to report. `choices` names a list of the form, `ref` a list of the register.

    `prefill` is ``section.field`` of the branch's last accepted return, or a name the template's
    context offers; `locked` cells cannot be typed into; `group` is a heading over several columns.
    """

    id: str
    type: FieldType
    title: Text
    required: bool = False
    min: float | None = None
    max: float | None = None
    max_length: int = 500
    pattern: str | None = None
    choices: str | None = None
    ref: Literal["organisations", "officers"] | None = None
    unit: Text | None = None
    help: Text | None = None
    example: str | None = None
    within_period: bool = False
    prefill: str | None = None
    locked: bool = False
    group: Text | None = None
    width: int | None = None
    default: str | int | float | None = None


@dataclass(frozen=True, slots=True)
class Rule(Record):
    """One rule over a section's rows: a registered pandera check with its parameters.

    `params` are the YAML keys that `checks.CHECKS` lists for `check`; `mark` are the fields whose
    cells are coloured, the first one is the finding's place.
    """

    code: str
    check: str
    says: Text
    fix: Text
    mark: tuple[str, ...]
    basis: str
    severity: Severity = Severity.ERROR
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Section(Record):
    """A table (one row each) or a card (label and value). `nil` is ``section.field`` of a choice
    field whose value ``yes`` declares that there is nothing to report here.
    """

    id: str
    layout: Literal["table", "card"]
    title: Text
    fields: tuple[Field, ...]
    rows: int = 1
    sheet: Text | None = None
    nil: str | None = None
    note: Text | None = None
    unique: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()

    def field(self, field_id: str) -> Field:
        """Return the field of that id; KeyError where there is none."""
        for candidate in self.fields:
            if candidate.id == field_id:
                return candidate
        raise KeyError(f"{self.id}.{field_id}")


@dataclass(frozen=True, slots=True)
class Due(Record):
    """Days after the period's end: a return later than `day` is late, later than `lock` held.

    `correct` is how many days a branch has to correct a return given back.
    """

    day: int
    lock: int | None = None
    correct: int = 3


@dataclass(frozen=True, slots=True)
class Carry(Record):
    """How values of the version before, `from`, are carried over to this one.

    `fields` maps ``section.field`` there to ``section.field`` here; a field that kept its path is
    not listed. A return on the version before is still accepted for `grace` months after the last
    month in which that version holds.
    """

    from_: str
    fields: Mapping[str, str] = field(default_factory=dict, hash=False)
    grace: int = 0


@dataclass(frozen=True, slots=True)
class Form(Record):
    """One version of one form. `reporters` are the organisation types that owe it each period."""

    form: str
    version: str
    period: Literal["month", "quarter", "half", "year", "none"]
    effective: Effective
    basis: tuple[str, ...]
    title: Text
    sheet: Text
    sections: tuple[Section, ...]
    reporters: tuple[str, ...] = ()
    due: Due | None = None
    choices: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict, hash=False)
    instructions: tuple[Text, ...] = ()
    orientation: Literal["portrait", "landscape"] = "landscape"
    carries: Carry | None = None

    @property
    def is_rollup(self) -> bool:
        """Whether this is the form of a subordinate office's workbook, derived from all others."""
        return self.form == ROLLUP

    def section(self, section_id: str) -> Section:
        """Return the section of that id; KeyError where there is none."""
        for candidate in self.sections:
            if candidate.id == section_id:
                return candidate
        raise KeyError(f"{self.form}.{section_id}")

    def rules(self) -> Iterator[tuple[Section, Rule]]:
        """Yield every rule with the section it stands in."""
        for section in self.sections:
            for rule in section.rules:
                yield section, rule

    def title_of(self, path: str, lang: str) -> str:
        """Return the title of ``section.field`` (or of a section); `path` itself where unknown."""
        section_id, _, field_id = path.partition(".")
        try:
            section = self.section(section_id)
            return (section.field(field_id).title if field_id else section.title).of(lang)
        except KeyError:
            return path


@dataclass(frozen=True, slots=True)
class QuotaCounting(Record):
    """What counts towards a quota. `kinds` are ids of meeting kinds."""

    kinds: tuple[str, ...]
    substitutes: bool = False
    own_cell: bool = False


@dataclass(frozen=True, slots=True)
class Quota(Record):
    """How many cell meetings an officer assigned in `role` owes in a year.

    `per` says whether the number is owed once by the officer or for each cell; `rounding` how the
    obligation of a part-year officer becomes whole.
    """

    quota: str
    role: str
    title: Text
    effective: Effective
    basis: tuple[str, ...]
    times: int
    per: Literal["officer", "officer_cell"] = "officer"
    rounding: Literal["half_up", "floor", "ceiling"] = "half_up"
    counts: QuotaCounting = QuotaCounting(kinds=("regular", "thematic", "both"))
