"""Records and checks of the indicators' YAML: what suggests meetings held for form's sake.

An indicator is a question to ask, never a grade and never a reason to refuse.
`figures.indicator_search` implements the kinds; a test holds the two lists equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as stored
from typing import Any, ClassVar, Literal

from mlay_batch.core.findings import Severity
from mlay_batch.schema.ids import INDICATOR_LETTER, next_free_code
from mlay_batch.schema.model import Effective, Form, Text
from mlay_batch.schema.problem import Fault, KeyPath, Record, unknown_names
from mlay_batch.schema.quotas import Quota
from mlay_batch.schema.schemes import Scheme

ParamKind = Literal["look", "looks", "number", "texts", "figures"]


@dataclass(frozen=True)
class IndicatorKind:
    """What an indicator of a kind says to its function, and what that says to the indicator.

    Attributes:
        params: the kind of each parameter.
        gaps: what `says` and `ask` may put into their gaps. All provide ``times`` of the last
            ``months`` months showed it, ``day`` the row's own; ``field`` and ``fields`` become
            titles of the form. An indicator of several months provides ``running`` too: in how
            many months without a break it was found, the reported one included.
    """

    params: Mapping[str, ParamKind]
    gaps: tuple[str, ...] = ()

    def gap_names(self, months: int) -> frozenset[str]:
        """Return the names of all gaps that the kind can fill, searched for in `months` months."""
        habit = ("running",) if months > 1 else ()
        return frozenset({"times", "months", "day", *habit, *self.gaps})


_LIKE_TEXTS: Mapping[str, ParamKind] = {
    "text": "look",
    "likeness": "number",
    "shortest": "number",
    "handed_down": "number",
    "handed_down_share": "number",
}

KINDS: Mapping[str, IndicatorKind] = {
    # the text is much like one of the branch's own of the last `back` months
    "repeated": IndicatorKind({**_LIKE_TEXTS, "back": "number"}, ("likeness", "earlier", "quote")),
    # ... like that of another branch in the same month
    "copied": IndicatorKind(_LIKE_TEXTS, ("likeness", "branches", "quote")),
    # fewer than `least` words remain without the `idle` ones
    "bare": IndicatorKind({"text": "look", "least": "number", "idle": "texts"}, ("quote",)),
    # a number below the bound
    "below": IndicatorKind({"value": "look", "bound": "number"}, ("value", "bound")),
    # at least one of the fields holds one of the values
    "answered": IndicatorKind({"asked": "looks", "values": "texts"}, ("fields",)),
    # a count of 0, and no word of it in the text
    "unheard": IndicatorKind({"value": "look", "text": "look", "words": "texts"}),
    # at most `most`, or less than `share` per cent of the whole, which is at least `whole_least`
    "few": IndicatorKind(
        {
            "value": "look",
            "whole": "look",
            "most": "number",
            "share": "number",
            "whole_least": "number",
        },
        ("value", "whole"),
    ),
    # none of it in a whole quarter
    "none_in_quarter": IndicatorKind({"value": "look"}, ("quarter",)),
    # the last `least` figures differ by no more than `spread`
    "still": IndicatorKind(
        {"value": "look", "least": "number", "spread": "number"}, ("value", "count")
    ),
    # one figure exceeds the other of the same day by at least `points`
    "above": IndicatorKind(
        {"value": "look", "other": "look", "on": "look", "points": "number"},
        ("value", "other", "difference"),
    ),
    # further from the median of at least `least` earlier months than `deviations` times the scaled
    # median deviation, which counts as no less than what is named beside each figure
    "far": IndicatorKind(
        {"figures": "figures", "least": "number", "back": "number", "deviations": "number"},
        ("field", "value", "usual", "count"),
    ),
}


def indicator_looks(indicator: Indicator) -> tuple[str, ...]:
    """Return the names of what an indicator judges, not of what it holds that to."""
    params = indicator.params
    if "asked" in params:
        return tuple(params["asked"])
    return (
        tuple(params.get("figures", ()))
        or tuple(str(params[key]) for key in ("value", "text") if key in params)[:1]
    )


_CODE = re.compile(rf"{INDICATOR_LETTER}[0-9]{{2}}")
_GAP = re.compile(r"\{(\w+)\}")
_MOST = 10_000  # of a parameter: months, characters, per cent; ``wanted.amount`` names it


@dataclass(frozen=True, slots=True)
class IndicatorInput(Record):
    """Where an indicator finds an input value.

    Attributes:
        field: ``section.field`` of the form.
        where: field of the same section to the values of which it must hold one, or the row is left
            out.
    """

    field: str
    where: Mapping[str, tuple[str, ...]] = stored(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Indicator(Record):
    """One indicator: a kind of search with its parameters, and what to say and ask about a hit.

    Attributes:
        code: unique in the set: ``H`` and two digits.
        kind: name of the search in `KINDS`.
        says: what was noticed, with gaps for figures.
        ask: question for a talk with the cell, with gaps.
        basis: source that explains why it is worth asking.
        weight: order in lists, the largest first; a committee should see 5 first.
        months: number of the last months that are searched, the reported one included.
        times: in how many of these it must be found to be reported.
        severity: a warning, or on trial.
        changed: why it is as it is now, where it was otherwise before.
        params: YAML keys that `KINDS` lists for `kind`, with their values.
    """

    code: str
    kind: str
    title: Text
    says: Text
    ask: Text
    basis: str
    weight: int = 1
    months: int = 1
    times: int = 1
    severity: Literal[Severity.WARNING, Severity.TRIAL] = Severity.WARNING
    changed: Text | None = None
    params: Mapping[str, Any] = stored(default_factory=dict, hash=False)
    limits: ClassVar = {"weight": (0, 100), "months": (1, 120)}


@dataclass(frozen=True, slots=True)
class IndicatorSet(Record):
    """The indicators of one form.

    Attributes:
        signs: id, the same in all versions.
        version: such as ``2018``.
        of: id of the form.
        effective: months for which this version is used.
        basis: regulations or sources behind the set.
        looks: input fields by the name that parameters of indicators use for them.
        entries: the indicators, in the order of the file.
    """

    signs: str
    version: str
    of: str
    title: Text
    effective: Effective
    basis: tuple[str, ...]
    looks: Mapping[str, IndicatorInput] = stored(hash=False)
    entries: tuple[Indicator, ...]


Description = Form | Quota | Scheme | IndicatorSet
"""What one YAML file may describe."""


def indicator_set_faults(record: IndicatorSet) -> Iterator[Fault]:
    """Yield the faults of a set of indicators, in the order of the file."""
    seen: dict[str, KeyPath] = {}
    for i, indicator in enumerate(record.entries):
        path: KeyPath = ("entries", i)
        code_path = (*path, "code")
        if indicator.code in seen:
            other = seen[indicator.code]
            yield Fault(code_path, indicator.code, code="schema.again", other=other)
        elif not _CODE.fullmatch(indicator.code):
            free = next_free_code(INDICATOR_LETTER, {entry.code for entry in record.entries})
            yield Fault(code_path, indicator.code, code="schema.sign_code", suggestion=free)
        seen.setdefault(indicator.code, code_path)
        yield from _indicator_faults(indicator, record.looks, path)


def _indicator_faults(
    indicator: Indicator, inputs: Mapping[str, IndicatorInput], path: KeyPath
) -> Iterator[Fault]:
    if indicator.kind not in KINDS:
        yield Fault((*path, "kind"), indicator.kind, frozenset(KINDS))
        return
    if not 1 <= indicator.times <= indicator.months:
        yield Fault((*path, "times"), str(indicator.times), wanted="times")
    indicator_kind = KINDS[indicator.kind]
    yield from unknown_names(indicator.params, path, indicator_kind.params)
    for key, kind in indicator_kind.params.items():
        if key not in indicator.params:
            yield Fault(path, key, code="schema.lacks")
        else:
            yield from _param(kind, indicator.params[key], inputs, (*path, key))
    for text_key in ("says", "ask"):
        for lang in ("vi", "en"):
            gaps = _GAP.findall(getattr(indicator, text_key).of(lang))
            gap_names = indicator_kind.gap_names(indicator.months)
            yield from unknown_names(gaps, (*path, text_key, lang), gap_names)


def _param(
    kind: ParamKind, value: Any, inputs: Mapping[str, IndicatorInput], path: KeyPath
) -> Iterator[Fault]:
    if not _fits(kind, value):
        wanted = {"look": "name", "number": "amount", "figures": "figures"}.get(kind, "list")
        yield Fault(path, str(value), wanted=wanted)
    elif kind in ("look", "looks", "figures"):
        yield from unknown_names([value] if kind == "look" else value, path, inputs)


def _fits(kind: ParamKind, value: Any) -> bool:
    if kind == "look":
        return isinstance(value, str)
    if kind == "number":
        return _is_number(value)
    if kind == "figures":
        return isinstance(value, dict) and bool(value) and all(map(_is_number, value.values()))
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value <= _MOST


def missing_fields(record: IndicatorSet, forms: Iterable[Form]) -> Iterator[Fault]:
    """Yield fields named under `looks` that no version of the form has."""
    versions = [form for form in forms if form.form == record.of]
    if not versions:
        yield Fault(("of",), record.of, frozenset(form.form for form in forms))
        return
    fields = {f"{s.id}.{f.id}" for form in versions for s in form.sections for f in s.fields}
    for name, input_field in record.looks.items():
        section = input_field.field.partition(".")[0]
        yield from unknown_names([input_field.field], ("looks", name, "field"), fields)
        where_fields = (f"{section}.{other}" for other in input_field.where)
        yield from unknown_names(where_fields, ("looks", name, "where"), fields)
