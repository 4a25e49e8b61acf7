"""Frozen records of the YAML descriptions: forms, sections, fields, rules, quotas.

Plain dataclasses, so that a reader process gets them by pickle without importing pydantic;
`load` checks YAML against them with pydantic. Field names here *are* the YAML keys (a trailing
underscore is dropped: `from_` is `from`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, ClassVar, Literal

from mlay_batch.core.findings import ANSWERS_ID, Severity
from mlay_batch.core.period import Period
from mlay_batch.schema.ids import OFFICER, ROLLUP
from mlay_batch.schema.problem import InvalidValueError, Record, demand_month

_SURE = (-(10**15), 10**15)  # of 15 digits: Excel keeps no more


@dataclass(frozen=True, slots=True)
class Text(Record):
    """One text in both languages.

    Attributes:
        vi: in Vietnamese, the language of all users unless they choose another.
        en: in English.
    """

    vi: str
    en: str

    def of(self, lang: str) -> str:
        """Return the text in `lang` (Vietnamese unless ``en``)."""
        return self.en if lang == "en" else self.vi


@dataclass(frozen=True, slots=True)
class Effective(Record):
    """The months in which a description holds.

    Attributes:
        from_: first month, such as ``2018-07``.
        to: last month; None while the description holds without an end.

    Raises InvalidValueError for a month written otherwise, or if `to` is before `from_`.
    """

    from_: str
    to: str | None = None

    def __post_init__(self) -> None:
        demand_month("from", self.from_)
        demand_month("to", self.to)
        if self.to is not None and self.to < self.from_:
            raise InvalidValueError("to", "wanted.month_from", first=f"“{self.from_}”")

    def covers(self, period: Period) -> bool:
        """Return whether the description holds on the last day of `period`."""
        day = period.end
        has_begun = Period.parse(self.from_).start <= day
        return has_begun and (self.to is None or day <= Period.parse(self.to).end)


@dataclass(frozen=True, slots=True)
class Choice(Record):
    """One value of a dropdown list.

    Attributes:
        id: what a return stores.
        title: what the list shows.
        also: what people type instead.
        switch: id of the form's switch without which it is not offered.
        at: what the list of an office of a certain level shows, by id of the level.
    """

    id: str
    title: Text
    also: tuple[str, ...] = ()
    switch: str | None = None
    at: Mapping[str, Text] = field(default_factory=dict, hash=False)

    @property
    def names(self) -> tuple[str, ...]:
        """All names by which a file may call it, at whatever level it was written."""
        texts = (self.title, *self.at.values())
        return (*(name for text in texts for name in (text.vi, text.en)), self.id, *self.also)


@dataclass(frozen=True, slots=True)
class Computed(Record):
    """How a value follows from others: a sum, a difference, or the band of a scheme.

    Attributes:
        sum: ids of the fields that are added; of another section ``section.field``.
        less: ids of the fields that are taken off.
        band: id of the scheme whose band the points in `of` reach; in place of `sum`.
        of: id of the field with those points.
    """

    sum: tuple[str, ...] = ()
    less: tuple[str, ...] = ()
    band: str | None = None
    of: str | None = None


FieldType = Literal["date", "integer", "number", "text", "choice", "ref", "period", "mail"]


@dataclass(frozen=True, slots=True)
class Field(Record):
    """One value to report.

    Attributes:
        id: unique in its section.
        required: whether a blank is an error; a `default` is used first.
        min: least number; None: no limit.
        max: largest number; None: no limit.
        max_length: of a text, in characters.
        pattern: regular expression that the whole text must match.
        choices: id of a list in the form's `choices`, for the type ``choice``.
        ref: list of the register whose codes the field takes, for the type ``ref``.
        unit: shown beside the value.
        help: what to know before filling in.
        example: as people would write it, also where the value is a date or number.
        within_period: whether a date must lie in the return's period.
        prefill: ``section.field`` of the branch's last accepted return, whose value the template
            puts into this field of a card.
        locked: whether the cell cannot be typed into: the program fills it in.
        hidden: whether people need not see it, such as an id by which the program knows a row: a
            column of a table, hidden and locked.
        group: heading over this and neighbouring columns with the same one.
        width: of a table's column, in characters; None: 14.
        default: value that a blank stands for; None: a blank stays blank.
        preset: value that the template writes into the first record, where it is nearly always
            right; a record with nothing else is empty.
        propose: how the template reckons a value to write into every record, from cards of the
            same form; it may be typed over, and like a preset it fills no record.
        compute: how the value follows from others of its record. Its cell is locked and shows a
            formula, which the reader never trusts. A sum of which every part is switched off is
            typed.
        switch: id of the form's switch without which the field is not asked for.
        also: other headings under which lists of the office's own have it.
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
    hidden: bool = False
    group: Text | None = None
    width: int | None = None
    default: str | int | float | None = None
    preset: str | int | float | None = None
    propose: Computed | None = None
    compute: Computed | None = None
    switch: str | None = None
    also: tuple[str, ...] = ()

    limits: ClassVar = {"width": (1, 255), "max_length": (1, 32_767), "min": _SURE, "max": _SURE}

    def __post_init__(self) -> None:
        Record.__post_init__(self)
        if self.hidden:
            object.__setattr__(self, "locked", True)

    @property
    def is_band(self) -> bool:
        """Whether it only names the points of another field, so that no table needs it."""
        return self.compute is not None and self.compute.band is not None


@dataclass(frozen=True, slots=True)
class Rule(Record):
    """One rule over a section's rows: a registered pandera check with its parameters.

    Attributes:
        code: unique in the form; findings bear it.
        check: name of the check in `checks.CHECKS`.
        says: what is wrong, with gaps for the check's figures.
        fix: what the branch is to do, with the same gaps.
        mark: ids of the fields whose cells are coloured; the first is the finding's place.
        basis: regulation or other source the rule follows from.
        severity: whether a breach refuses the return; a rule on trial is shown to the clerk only.
        answer: of a warning, whether a return without an answer to it is held.
        answers: the answers to choose from; empty: any words.
        changed: why it is as it is now, where it was otherwise or stood in another rule before.
        params: YAML keys that `checks.CHECKS` lists for `check`, with their values.
    """

    code: str
    check: str
    says: Text
    fix: Text
    mark: tuple[str, ...]
    basis: str
    severity: Severity = Severity.ERROR
    answer: Literal["required"] | None = None
    answers: tuple[Text, ...] = ()
    changed: Text | None = None
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Part(Record):
    """Some lines of a section under another one: one record a column, where any is filled.

    Attributes:
        id: unique in the section.
        lines: ids of the fields, in order, with their titles here; None: that of the field.
        set_: values that every record of the part has, by field id.
        switch: id of the form's switch without which the part is not asked for.
        switches: lines that are asked for only where a switch is on, by its id.
    """

    id: str
    lines: Mapping[str, Text | None] = field(hash=False)
    set_: Mapping[str, str] = field(default_factory=dict, hash=False)
    switch: str | None = None
    switches: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    def switches_of(self, line: str) -> Iterator[str]:
        """Yield the switches without which a line of the part is not asked for."""
        if self.switch:
            yield self.switch
        yield from (switch for switch, lines in self.switches.items() if line in lines)


@dataclass(frozen=True, slots=True)
class Section(Record):
    """A part of a form: a table of rows, a card of labels and values, or columns of records.

    In the layout ``columns`` each record is a column and each field a line. Other sections may
    hang on these columns: their lines follow, and their records take the values they inherit.
    In the layout ``list`` it is the other way round: each record is a row of a list of an office's
    own, found by its headings. A card may hang on one: it holds what is said of each branch.

    Attributes:
        id: unique in the form.
        fields: columns of a table, lines of a card or of columns.
        rows: number of records that the template offers in a table or in columns.
        fixed: whether the program writes all rows of a table, and people add none.
        record: what heads a column, before its number.
        under: id of the section on whose columns, or rows of a list, this one hangs.
        branch: of a list, id of the field that names the branch; its values are not stored.
        inherits: ids of fields that have no line here: each record has the value of that field in
            its column's record.
        parts: what stands in a column; empty: one part with all fields that are not inherited.
        switch: id of the form's switch without which the section is not asked for.
        sheet: title of the sheet it is on; None: the form's `sheet`.
        nil: ``section.field`` of a card's choice whose value ``yes`` declares that there is nothing
            to report here; None: no such declaration is possible.
        note: sentence below the title.
        unique: ids of fields whose values together occur in one row only.
        rules: rules for its rows, in the order of the file.
    """

    id: str
    layout: Literal["table", "card", "columns", "list"]
    title: Text
    fields: tuple[Field, ...]
    rows: int = 1
    fixed: bool = False
    record: Text | None = None
    under: str | None = None
    branch: str | None = None
    inherits: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    switch: str | None = None
    sheet: Text | None = None
    nil: str | None = None
    note: Text | None = None
    unique: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    limits: ClassVar = {"rows": (0, 1000)}

    def field(self, field_id: str) -> Field:
        """Return the field of that id; KeyError where there is none."""
        for candidate in self.fields:
            if candidate.id == field_id:
                return candidate
        raise KeyError(f"{self.id}.{field_id}")

    def column_parts(self) -> tuple[Part, ...]:
        """Return what stands in one column; a section of its own is one part without an id."""
        if self.parts:
            return self.parts
        lines = {field.id: None for field in self.fields if field.id not in self.inherits}
        return (Part("", lines),)


HEADER = Section(
    id="head",
    layout="card",
    title=Text("", ""),
    fields=(
        Field("branch", "text", Text("Đơn vị báo cáo", "Reporting unit"), locked=True),
        Field("period", "text", Text("Kỳ báo cáo", "Period"), locked=True),
        Field(
            "assigned",
            "text",
            Text("Cán bộ được phân công dự", "Assigned officers"),
            locked=True,
            max_length=2000,
        ),
    ),
)
"""The heading card, which the template draws without a title."""
_HEADER_TITLE = Text("Đơn vị và kỳ báo cáo", "Reporting unit and period")
ANSWERS = Section(
    id=ANSWERS_ID,
    layout="table",
    title=Text("Lỗi và lưu ý", "Findings"),
    fields=(Field("answer", "text", Text("Giải trình", "Explanation"), max_length=500),),
)
"""The answers to warnings, on the first sheet of a returned form; no part of the values."""


Counted = Literal["period", "meeting"]


@dataclass(frozen=True, slots=True)
class Due(Record):
    """The deadlines of a form, as days after the period's end.

    Attributes:
        day: last day on which a return is in time.
        lock: last day on which a return is accepted; later ones are held. None: no such day.
        correct: days a branch has to correct a returned form, from the day it is asked.
        counted: whether `day` counts from the period's end or from each meeting.
        from_: first month for which they hold; None: from the form's own.
    """

    day: int
    lock: int | None = None
    correct: int = 3
    counted: Counted = "period"
    from_: str | None = None
    limits: ClassVar = {"day": (-366, 366), "lock": (-366, 366), "correct": (0, 366)}

    def __post_init__(self) -> None:
        Record.__post_init__(self)
        demand_month("from", self.from_)

    def last_day(self, period: Period) -> date:
        """Return the last day before a return that has not come is missing.

        Of one due after each meeting, whose day nobody knows before, that is the lock day.
        """
        lock_day = self.lock_day(period) if self.counted == "meeting" else None
        return lock_day or period.end + timedelta(days=self.day)

    def lock_day(self, period: Period) -> date | None:
        """Return the last day on which a return is accepted; None without one."""
        return None if self.lock is None else period.end + timedelta(days=self.lock)


@dataclass(frozen=True, slots=True)
class Carry(Record):
    """How values of an earlier version of the form are carried over to this one.

    Attributes:
        from_: the earlier version.
        fields: ``section.field`` there to ``section.field`` here; a field that kept its path is not
            listed.
        grace: months after the last month of the earlier version for which a return on it is still
            accepted.
    """

    from_: str
    fields: Mapping[str, str] = field(default_factory=dict, hash=False)
    grace: int = 0
    limits: ClassVar = {"grace": (0, 120)}


@dataclass(frozen=True, slots=True)
class Switch(Record):
    """Something an office may ask for or not.

    Attributes:
        id: unique in the form.
        on: whether it is asked for unless the office says otherwise.
    """

    id: str
    title: Text
    on: bool = False


@dataclass(frozen=True, slots=True)
class Form(Record):
    """One version of one form.

    Attributes:
        form: id, the same in all versions.
        version: such as ``2018.1``.
        period: kind of the periods reported; ``none`` for a list, such as the register.
        effective: months for which this version is used.
        basis: regulations that the form follows.
        sheet: title of its sheet; a section may name another.
        reporters: ids of the organisation types that owe a return each period; ``officer`` of a
            form that officers may send and nobody owes.
        due: its deadlines; None: due on the period's last day.
        dues: deadlines from a month on, in place of `due`; of several the last that has begun.
        choices: lists of choices by id.
        instructions: sentences of the instruction sheet.
        orientation: of the printed page.
        carries: how values of the earlier version are read; None: not at all.
        switches: what an office may ask for or not.
        headline: ``section.field`` of the few figures by which a letter tells what was counted.
        known_by: of a list, ``section.field`` of the headings without which it is none of these.
    """

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
    dues: tuple[Due, ...] = ()
    choices: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict, hash=False)
    instructions: tuple[Text, ...] = ()
    orientation: Literal["portrait", "landscape"] = "landscape"
    carries: Carry | None = None
    switches: tuple[Switch, ...] = ()
    headline: tuple[str, ...] = ()
    known_by: tuple[str, ...] = ()

    @property
    def is_sketch(self) -> bool:
        """Whether it is a list of many branches, which says less of each than its own return."""
        return any(section.layout == "list" for section in self.sections)

    @property
    def is_rollup(self) -> bool:
        """Whether this is the form of a subordinate office's workbook, derived from all others."""
        return self.form == ROLLUP

    @property
    def is_list(self) -> bool:
        """Whether it is kept over the periods, as the register is, and not sent for one."""
        return self.period == "none"

    @property
    def is_by_officers(self) -> bool:
        """Whether officers fill it in, not organisations."""
        return OFFICER in self.reporters

    def due_in(self, period: Period) -> Due:
        """Return the deadlines of the period's return."""
        begun = [d for d in self.dues if d.from_ and Period.parse(d.from_).start <= period.end]
        return max(begun, key=lambda due: due.from_ or "") if begun else self.due or Due(0)

    def has_rows_named_by(self, field: Field) -> bool:
        """Whether a `ref` field takes the codes of a section of this form."""
        return field.type == "ref" and any(section.id == field.ref for section in self.sections)

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
            shared = {section.id: section for section in (HEADER, ANSWERS)}
            section = shared.get(section_id) or self.section(section_id)
            title = section.field(field_id).title if field_id else section.title
        except KeyError:
            return path
        return title.of(lang) or _HEADER_TITLE.of(lang)
