"""Turns codes into text: the only place where a finding or an error becomes a sentence.

Texts lie in `locale/<area>.yaml`, both languages side by side, so that no language lags behind.
A rule's own words come from its form. Gaps are written ``{name}``; numbers and dates are shown the
way the language writes them: 1.142 and 99,6 and 03/9/2019 in Vietnamese.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from math import floor
from os.path import normpath
from typing import TYPE_CHECKING, Any, NamedTuple

from mlay_batch.errors import Phrase

if TYPE_CHECKING:  # `mlay --help` reads texts only: it need not load the form language, nor pathlib
    from pathlib import Path

    from mlay_batch.core.findings import Finding
    from mlay_batch.errors import MlayError
    from mlay_batch.schema.indicators import Indicator
    from mlay_batch.schema.model import Form

_GAP = re.compile(r"\{(\w+)\}")
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")
_OPTIONAL_GAPS = frozenset(
    {"nearest", "known", "right", "successor", "named", "address", "owners", "sender"}
)
"""A sentence that names one of these is left out where there is none to name."""
_WRITTEN = frozenset({"line", "column", "value", "name", "first", "list", "known", "nearest"})
"""Gaps of errors that take what stands in a file."""
_OFFICE_SEVERITIES = frozenset({"held", "duplicate", "note"})
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_PERIOD = re.compile(r"(?:19|20)\d{2}-(?:0[1-9]|1[0-2]|Q[1-4]|H[12])")
_LOCALE = f"{__file__}/../../locale"


class Message(NamedTuple):
    """What is wrong and what to do."""

    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.what} {self.fix}".strip()


class FindingDescription(NamedTuple):
    """A finding of the program's own: code, what it means for the file, its words.

    `severity` is that of `findings.Severity`, or ``held``, ``duplicate``, ``ignored``, ``note``.
    """

    code: str
    severity: str
    message: Message


class AsWritten(str):
    """What a message quotes from a file or a command line: 2019-11 and 1142, not 1.142."""


class Claim(NamedTuple):
    """A judgement that a sheet can print: its words, what they claim, and the id of its basis.

    A note on how the figures come about says itself what it claims: `claims` is empty.
    """

    words: str
    claims: str
    basis: str


def locale_folder() -> Path:
    """Return the folder of the texts."""
    from pathlib import Path  # start-up: it costs a tenth of `mlay --help`

    return Path(normpath(_LOCALE))


@cache
def _load_area(name: str) -> Mapping[str, Any]:
    import yaml  # start-up: a reader's child has no texts to read, but imports this module

    with open(normpath(f"{_LOCALE}/{name}.yaml"), encoding="utf-8") as file:  # noqa: PTH123
        loaded: Mapping[str, Any] = yaml.load(file, Loader=yaml.CSafeLoader)
    return loaded


@cache
def _finding_texts() -> Mapping[str, Any]:
    texts: dict[str, Any] = {}
    for path in sorted(locale_folder().glob("findings-*.yaml")):
        texts.update(_load_area(path.stem))
    return texts


def finding_descriptions(lang: str) -> tuple[FindingDescription, ...]:
    """Return those findings by code; what only a file can fill in stays a gap."""
    return tuple(
        FindingDescription(
            code, entry.get("severity", "error"), Message(entry["says"][lang], entry["fix"][lang])
        )
        for code, entry in sorted(_finding_texts().items())
    )


def claims_of(area: str, lang: str) -> tuple[Claim, ...]:
    """Return the judgements among the texts of `locale/<area>.yaml`, in its order."""
    return tuple(
        Claim(entry[lang], entry.get("claims", {}).get(lang, ""), entry["basis"])
        for entry in _load_area(area).values()
        if "basis" in entry
    )


def text(area: str, key: str, lang: str, /, **params: object) -> str:
    """Return the text `key` of `locale/<area>.yaml` in `lang`, gaps filled. KeyError if unknown."""
    return fill_gaps(_load_area(area)[key][lang], params, lang)


def has_text(area: str, key: str) -> bool:
    """Whether `locale/<area>.yaml` has that text."""
    return key in _load_area(area)


def fill_gaps(template: str, params: Mapping[str, object], lang: str) -> str:
    """Return `template` with its ``{gaps}`` filled; a gap without a value stays visible.

    >>> fill_gaps("No “{code}”. Did you mean “{nearest}”?", {"code": "X", "nearest": ""}, "en")
    'No “X”.'
    """
    if not params:
        return template  # most texts of a workbook, a hundred thousand of them
    absent = {gap for gap in _OPTIONAL_GAPS if gap in params and not params[gap]}
    if absent:
        sentences = _SENTENCE_END.split(template)
        template = " ".join(s for s in sentences if absent.isdisjoint(_GAP.findall(s)))

    def gap_value(gap: re.Match[str]) -> str:
        return show(params[gap[1]], lang) if gap[1] in params else gap[0]

    return _GAP.sub(gap_value, template)


def show(value: object, lang: str) -> str:
    """Return a value as people write it.

    >>> show(1142, "vi"), show(99.5, "vi"), show("2019-09-03", "vi"), show("2019-11", "vi")
    ('1.142', '99,5', '03/9/2019', 'tháng 11 năm 2019')
    """
    if value is None:
        return ""
    if isinstance(value, AsWritten):
        return value
    if isinstance(value, date):
        value = value.isoformat()
    if isinstance(value, str) and _PERIOD.fullmatch(value):
        from mlay_batch.core.period import Period  # start-up: no text of --help holds a period

        title = Period.parse(value).title(lang)
        return title[:1].lower() + title[1:] if lang == "vi" else title
    if isinstance(value, str):
        return show_day(value, lang) if _ISO_DAY.fullmatch(value) else value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return _with_separators(f"{value:,.10g}" if isinstance(value, float) else f"{value:,}", lang)


def show_rounded(value: float, decimals: int, lang: str) -> str:
    """Return a number with so many decimals; a half goes up, as Excel shows it.

    >>> show_rounded(88.25, 1, "vi"), show_rounded(1142, 1, "en")
    ('88,3', '1,142.0')
    """
    from mlay_batch.core.text import round_half_up  # start-up: no text of --help has a figure

    return _with_separators(f"{round_half_up(value, decimals):,}", lang)


def _with_separators(number_text: str, lang: str) -> str:
    """Return a number, written in the English way, as the language writes it."""
    return number_text.translate(str.maketrans(",.", ".,")) if lang == "vi" else number_text


def show_day(iso: str, lang: str) -> str:
    """Return a day as written in offices: a zero before days < 10 and months 1 and 2."""
    if lang != "vi":
        return iso
    from mlay_batch.core.text import month_number  # start-up: nor a day

    year, month, day = iso.split("-")
    return f"{day}/{month_number(int(month))}/{year}"


def concerns_branch(finding: Finding) -> bool:
    """Whether a branch is told of a finding.

    It is not told what is for the clerk, nor of what the office decides or only notes.
    """
    entry = _finding_texts().get(finding.code, {})
    return not finding.is_for_clerk and entry.get("severity") not in _OFFICE_SEVERITIES


def explain(
    finding: Finding,
    form: Form | None,
    lang: str,
    *,
    to_branch: bool = False,
    returned: bool = False,
) -> Message:
    """Return the text of a finding; `form` gives the words of its rules, field titles, its own.

    What to do may differ for a branch (`to_branch`), which has neither the register nor the
    program, and once the values stand in a fresh form given back to it (`returned`): nothing is
    merged, hidden or a formula there any more.
    """
    params = dict(finding.params)
    if form and isinstance(path := params.get("field"), str):
        params["field"] = form.title_of(path, lang)
    if form and params.get("form") == form.form:
        params["form"] = form.title.of(lang).capitalize()
    if isinstance(levels := params.get("levels"), str):
        params["levels"] = "; ".join(_level_text(level, form, lang) for level in json.loads(levels))
    texts = _texts_of_code(finding.code, form)
    keys = ("returned", "branch") if returned else ("branch",) if to_branch else ()
    fix = texts[next((key for key in keys if key in texts), "fix")]
    if "waived_by" in params:
        fix = _load_area("waivers")["note"]
    return Message(fill_gaps(texts["says"][lang], params, lang), fill_gaps(fix[lang], params, lang))


def _level_text(level: Mapping[str, Any], form: Form | None, lang: str) -> str:
    """Return the fact that decides in a table of points, the points, the table and its basis.

    `level` is what `checks.awarded_points` puts into the finding.
    """
    basis = level["basis"]
    if not level["confirmed"]:
        basis = text("reference", "basis.unconfirmed", lang, basis=basis)
    field = form.title_of(level["field"], lang) if form else level["field"]
    amounts = _days if level["kind"].startswith("days") else _amounts
    kind, params = amounts(level, form, lang)
    fact = text("levels", f"fact.{kind}", lang, field=field, **params)
    points = {name: level[name] for name in ("points", "best")}
    return text(
        "levels", "result", lang, fact=fact, title=level["title"][lang], basis=basis, **points
    )


def _days(level: Mapping[str, Any], _: Form | None, lang: str) -> tuple[str, Mapping[str, str]]:
    """Return the kind and figures of a day counted from that of the meeting."""
    days = (date.fromisoformat(level["of"]) - date.fromisoformat(level["value"])).days
    kind = "before" if days > 0 else "after" if days else "same"
    params = {"value": level["value"], "of": level["of"], "days": abs(days)}
    return f"days.{kind}", {name: show(value, lang) for name, value in params.items()}


def _amounts(
    level: Mapping[str, Any], form: Form | None, lang: str
) -> tuple[str, Mapping[str, str]]:
    """Return the kind and figures of a number, with its unit."""
    kind, value, of = level["kind"], level["value"], level["of"]
    params = {"value": value} if of is None else {"value": value, "of": of}
    if kind == "share":  # rounded down, so that 74.96 % is not said to be 75
        params["share"] = floor(1000 * value / of) / 10
        return kind, {name: show(number, lang) for name, number in params.items()}
    if kind == "minimum":
        params["short"] = of - value
    section, _, name = level["field"].partition(".")
    sections = (s for s in form.sections if s.id == section) if form else ()
    units = (f.unit.of(lang) for s in sections for f in s.fields if f.id == name and f.unit)
    unit = next(units, "")
    return kind, {name: f"{show(number, lang)} {unit}".rstrip() for name, number in params.items()}


def explain_indicator(
    indicator: Indicator, params: Mapping[str, object], form: Form | None, lang: str
) -> Message:
    """Return an indicator's message and question; `form` gives the titles of its fields."""
    titled_params = dict(params)
    for name in ("field", "fields"):
        if form and isinstance(paths := titled_params.get(name), str):
            titled_params[name] = ", ".join(form.title_of(path, lang) for path in paths.split(", "))
    return Message(
        fill_gaps(indicator.says.of(lang), titled_params, lang),
        fill_gaps(indicator.ask.of(lang), titled_params, lang),
    )


def _texts_of_code(code: str, form: Form | None) -> Mapping[str, Mapping[str, str]]:
    for _, rule in form.rules() if form else ():
        if rule.code == code:
            rule_texts = {"says": rule.says, "fix": rule.fix}
            return {
                key: {"vi": wording.vi, "en": wording.en} for key, wording in rule_texts.items()
            }
    unknown = {"says": {"vi": code, "en": code}, "fix": {"vi": "", "en": ""}}
    texts: Mapping[str, Mapping[str, str]] = _finding_texts().get(code, unknown)
    return texts


def error_text(error: MlayError, lang: str) -> str:
    """Return the sentence for a broken run."""
    return _phrase_text(Phrase(error.code, error.params), lang)


def _phrase_text(phrase: Phrase, lang: str) -> str:
    params = {name: _gap_words(name, value, lang) for name, value in phrase.params.items()}
    return text("errors", phrase.code, lang, **params)


def _gap_words(name: str, value: object, lang: str) -> object:
    """Return what fills a gap: a phrase in words, the steps to a place one after another."""
    if isinstance(value, Phrase):
        return _phrase_text(value, lang)
    if isinstance(value, tuple):
        return " › ".join(str(_gap_words(name, step, lang)) for step in value)
    return AsWritten(value) if name in _WRITTEN else value
