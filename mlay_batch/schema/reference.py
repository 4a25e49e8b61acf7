"""Writes the reference pages in Markdown: forms, quotas, schemes, indicator sets, finding codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from mlay_batch.core.messages import FindingDescription, fill_gaps, finding_descriptions, show, text
from mlay_batch.core.period import Period
from mlay_batch.schema import scheme_text
from mlay_batch.schema.catalogue import Catalogue
from mlay_batch.schema.indicators import Description, Indicator, IndicatorInput, IndicatorSet
from mlay_batch.schema.level_text import level_lines
from mlay_batch.schema.markdown import open_gaps, table
from mlay_batch.schema.model import Computed, Effective, Field, Form, Rule, Section, Text
from mlay_batch.schema.overlap import kind_and_id
from mlay_batch.schema.quotas import Quota
from mlay_batch.schema.schemes import Cap, Condition, Part, Scheme
from mlay_batch.schema.statements import STATEMENTS_FILE, statements_page


def reference(record: Description, lang: str, forms: Sequence[Form] = ()) -> str:
    """Return the Markdown page of `record` in `lang`.

    Titles of organisation types and meeting kinds, which a record names by id, come from the
    choices of `forms`; the id is shown where no list has them.
    """
    if isinstance(record, Form):
        lines = _form(record, lang, forms)
    elif isinstance(record, Quota):
        lines = _quota(record, lang, forms)
    elif isinstance(record, IndicatorSet):
        lines = _indicator_set(record, lang)
    else:
        lines = _scheme(record, lang, forms)
    return "\n".join(lines) + "\n"


def pages(catalogue: Catalogue, lang: str) -> Mapping[str, str]:
    """Return the text of every page by file name, with ``README.md`` as their index."""
    records: tuple[Description, ...] = (
        *catalogue.readable_forms,
        *catalogue.quotas,
        *catalogue.schemes,
        *catalogue.indicator_sets,
    )
    lines = [
        f"- [{record.title.of(lang)}]({_page_name(record)}): {_effective(record.effective, lang)}"
        for record in records
    ]
    lines.append(f"- [{text('reference', 'findings.title', lang)}]({FINDINGS_FILE})")
    lines.append(f"- [{text('reference', 'statements.title', lang)}]({STATEMENTS_FILE})")
    index = [
        f"# {text('reference', 'index.title', lang)}",
        "",
        text("reference", "index.text", lang),
        "",
        *lines,
        *_codes(catalogue, lang),
        "",
    ]
    contents = {_page_name(record): reference(record, lang, catalogue.forms) for record in records}
    contents |= {FINDINGS_FILE: findings_page(lang), STATEMENTS_FILE: statements_page(lang)}
    return contents | {"README.md": "\n".join(index)}


def _codes(catalogue: Catalogue, lang: str) -> Iterator[str]:
    """Yield the index of the rules' codes, each with links to the forms that have the rule."""
    links: dict[str, list[str]] = {}
    for form in catalogue.readable_forms:
        for _, rule in form.rules():
            link = f"[{form.form} {form.version}]({_page_name(form)})"
            links.setdefault(rule.code, []).append(link)
    yield from ("", f"## {text('reference', 'index.codes', lang)}")
    yield from table(lang, "id explained", ((c, ", ".join(links[c])) for c in sorted(links)))


def _page_name(record: Description) -> str:
    if isinstance(record, Form):
        return f"form-{record.form}-{record.version}.md"
    if isinstance(record, Scheme):
        return f"scheme-{record.scheme}-{record.version}.md"
    if isinstance(record, IndicatorSet):
        return f"signs-{record.signs}-{record.version}.md"
    return f"quota-{record.quota}-{record.effective.from_}.md"


def _joined_titles(ids: Sequence[str], forms: Sequence[Form], lang: str) -> str:
    """Return the titles of `ids` in the first list of choices that has them all, else the ids."""
    lists = ({c.id: c.title.of(lang) for c in item} for f in forms for item in f.choices.values())
    titles = next((by_id for by_id in lists if by_id.keys() >= set(ids)), {})
    return ", ".join(titles.get(item, item) for item in ids)


def _form(form: Form, lang: str, forms: Sequence[Form]) -> Iterator[str]:
    yield from _head(form, lang, id=form.form, version=form.version)
    yield "- " + text("reference", f"period.{form.period}", lang)
    if form.is_by_officers:
        yield "- " + text("reference", "reporters.officer", lang)
    elif form.reporters:
        yield "- " + text(
            "reference", "reporters", lang, types=_joined_titles(form.reporters, forms, lang)
        )
    if form.due and not form.is_by_officers:
        yield "- " + text("reference", "due", lang, day=form.due.day)
    if form.due and form.due.lock:
        yield "- " + text("reference", "lock", lang, day=form.due.lock)
    for switch in form.switches:
        key = "switch.on" if switch.on else "switch.off"
        yield "- " + text("reference", key, lang, title=switch.title.of(lang), id=switch.id)
    if form.instructions:
        yield from ("", f"## {text('reference', 'instructions', lang)}", "")
        yield from (
            f"{n}. {instruction.of(lang)}" for n, instruction in enumerate(form.instructions, 1)
        )
    for section in form.sections:
        yield from _section(form, section, lang)


def _head(record: Description, lang: str, **names: object) -> Iterator[str]:
    kind, _ = kind_and_id(record)
    yield from (f"# {record.title.of(lang)}", "")
    yield "- " + text("reference", f"{kind}.meta", lang, **names)
    basis = text("reference", "basis", lang)
    yield f"- {basis}: {'; '.join(record.basis) or '–'}; {_effective(record.effective, lang)}"


def _effective(effective: Effective, lang: str) -> str:
    key = "effective.closed" if effective.to else "effective.open"
    months = {"from": effective.from_, "to": effective.to or effective.from_}
    titles = {name: Period.parse(month).title(lang).lower() for name, month in months.items()}
    return text("reference", key, lang, **titles)


def _section(form: Form, section: Section, lang: str) -> Iterator[str]:
    own_title = section.title.of(lang)
    yield from ("", f"## {own_title or (section.sheet or form.sheet).of(lang)}", "")
    yield from _layout(form, section, lang)
    if section.note:
        yield section.note.of(lang)
    if section.nil:
        yield text("reference", "nil", lang, field=form.title_of(section.nil, lang))
    if section.unique:
        titles = [section.field(name).title.of(lang) for name in section.unique]
        yield text("reference", "unique", lang, fields=", ".join(titles))
    yield from table(lang, "field id type required help", _field_rows(form, section, lang))
    if section.rules:
        yield from ("", f"### {text('reference', 'rules', lang)}")
        rows = (_rule_row(rule, lang) for rule in section.rules)
        yield from table(lang, "id severity says fix basis check", rows)


def _layout(form: Form, section: Section, lang: str) -> Iterator[str]:
    """Yield how the section stands on the sheet, and which lines it has in a column."""
    if section.under and section.layout == "card":
        yield text("reference", "once", lang, id=section.id)
    elif section.under:
        titles = ", ".join(section.field(name).title.of(lang) for name in section.inherits)
        yield text("reference", "under", lang, id=section.id, under=section.under, fields=titles)
    else:
        key = "fixed" if section.fixed else section.layout
        yield text("reference", key, lang, id=section.id, rows=section.rows)
    if section.parts:
        yield ""
    for part in section.parts:
        titles = ", ".join((t or section.field(n).title).of(lang) for n, t in part.lines.items())
        words = text("reference", "part", lang, id=part.id, fields=titles)
        yield f"- {words}{_switch(form, part.switch, lang)}"
    if section.switch:
        yield _switch(form, section.switch, lang).strip()


def _switch(form: Form, name: str | None, lang: str) -> str:
    """Return the words that the office may leave something out; empty where it may not."""
    titles = [switch.title.of(lang) for switch in form.switches if switch.id == name]
    return " " + text("reference", "switch", lang, title=titles[0]) if titles else ""


def _field_rows(form: Form, section: Section, lang: str) -> Iterator[tuple[str, ...]]:
    for field in section.fields:
        title = ": ".join(t.of(lang) for t in (field.group, field.title) if t)
        required = text("reference", "required", lang) if field.required else ""
        kind = "; ".join(_kind(form, field, lang))
        yield title, f"`{field.id}`", kind, required, " ".join(_help(field, lang))


def _kind(form: Form, field: Field, lang: str) -> Iterator[str]:
    """Yield the type of a field, its limits, default and prefilled value."""
    kind = text("reference", f"type.{field.type}", lang)
    if field.choices:
        options = (f"{c.title.of(lang)} (`{c.id}`)" for c in form.choices[field.choices])
        kind += ": " + " / ".join(options)
    elif field.ref:
        kind += ": " + text("reference", f"list.{field.ref}", lang)
    yield f"{kind} ({field.unit.of(lang)})" if field.unit else kind
    yield from _limits(field, lang)
    if field.default is not None:
        yield text(
            "reference", "field.default", lang, value=_title(form, field, field.default, lang)
        )
    yield from _written_beforehand(form, field, lang)
    if words := _switch(form, field.switch, lang):
        yield words.strip()


def _written_beforehand(form: Form, field: Field, lang: str) -> Iterator[str]:
    """Yield what the form says before anybody types, and what nobody types."""
    if field.prefill:
        yield text("reference", "prefill", lang, source=field.prefill)
    if field.locked:
        yield text("reference", "hidden" if field.hidden else "locked", lang)
    if field.preset is not None:
        yield text("reference", "preset", lang, value=_title(form, field, field.preset, lang))
    for key, computed in (("propose", field.propose), ("compute", field.compute)):
        if computed:
            yield text("reference", key, lang, sum=_sum_text(computed))


def _sum_text(computed: Computed) -> str:
    """Return "`opening` + `admitted` − `died`", or "`meeting_score` (`total`)"."""
    if computed.band:
        return f"`{computed.band}` (`{computed.of}`)"
    plus = " + ".join(f"`{name}`" for name in computed.sum)
    return plus + "".join(f" − `{name}`" for name in computed.less)


def _limits(field: Field, lang: str) -> Iterator[str]:
    bounds = {name: value for name in ("min", "max") if (value := getattr(field, name)) is not None}
    if bounds:
        key = "between" if len(bounds) == 2 else next(iter(bounds))
        yield text("reference", f"limit.{key}", lang, **bounds)
    if field.type == "text":
        yield text("reference", "limit.length", lang, max=field.max_length)
    if field.pattern:
        yield text("reference", "limit.pattern", lang, pattern=field.pattern)
    if field.within_period:
        yield text("reference", "limit.within_period", lang)


def _title(form: Form, field: Field, value: str | float, lang: str) -> str:
    for choice in form.choices[field.choices] if field.choices else ():
        if choice.id == value:
            return choice.title.of(lang)
    return show(value, lang)


def _help(field: Field, lang: str) -> Iterator[str]:
    if field.help:
        yield field.help.of(lang)
    if field.example:
        yield text("reference", "example", lang, example=field.example)
    if field.also:
        yield text("reference", "headings", lang, words="; ".join(field.also))


def _rule_row(rule: Rule, lang: str) -> tuple[str, ...]:
    params = ", ".join(f"{key}: {_param(value)}" for key, value in rule.params.items())
    numbers = {key: value for key, value in rule.params.items() if isinstance(value, int | float)}
    says, fix = (
        open_gaps(fill_gaps(words.of(lang), numbers, lang)) for words in (rule.says, rule.fix)
    )
    state = "; ".join(_rule_state(rule, lang))
    basis = _with_change(rule.basis, rule.changed, lang)
    return rule.code, state, says, fix, basis, f"`{rule.check}` ({params})"


def _rule_state(rule: Rule, lang: str) -> Iterator[str]:
    """Yield whether a breach refuses, warns or is on trial, and which answer it demands."""
    yield text("reference", f"severity.{rule.severity}", lang)
    if rule.answer:
        yield text("reference", "answer.required", lang)
    if rule.answers:
        titles = ", ".join(f"“{choice.of(lang)}”" for choice in rule.answers)
        yield text("reference", "answer.choices", lang, titles=titles)


def _with_change(basis: str, changed: Text | None, lang: str) -> str:
    """Return the basis of a rule, and why it is as it is now where it was otherwise before."""
    if changed is None:
        return basis
    return text("reference", "basis.changed", lang, basis=basis, why=changed.of(lang))


def _param(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_param(item)}" for key, item in value.items())
    return " + ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _quota(quota: Quota, lang: str, forms: Sequence[Form]) -> Iterator[str]:
    def answer(allowed: bool) -> str:
        return text("reference", "answer.yes" if allowed else "answer.no", lang)

    def says(key: str, **params: object) -> str:
        return "- " + text("reference", f"quota.{key}", lang, **params)

    yield from _head(quota, lang, id=quota.quota)
    window = text("reference", f"window.{quota.window}", lang)
    numbers = {"times": quota.times, "window": window}
    if quota.per == "cell":
        yield from ("", text("reference", "quota.cells", lang, **numbers), "")
        yield says("kinds", kinds=_joined_titles(quota.counts.kinds, forms, lang))
        return
    per = text("reference", f"per.{quota.per}", lang)
    yield from ("", text("reference", "quota.says", lang, role=quota.role, per=per, **numbers), "")
    yield says("kinds", kinds=_joined_titles(quota.counts.kinds, forms, lang))
    yield says("substitutes", answer=answer(quota.counts.substitutes))
    yield says("own_cell", answer=answer(quota.counts.own_cell))
    yield says("months_by", months=text("visits", f"quota.months_by.{quota.months_by}", lang))
    yield says("rounding", rounding=text("reference", f"rounding.{quota.rounding}", lang))


def _scheme(scheme: Scheme, lang: str, forms: Sequence[Form]) -> Iterator[str]:
    yield from _head(scheme, lang, id=scheme.scheme, version=scheme.version)
    yield from scheme_page(scheme, lang, forms)
    yield from level_lines(scheme, lang, forms)


def _indicator_set(record: IndicatorSet, lang: str) -> Iterator[str]:
    """Yield the tables of indicators, the largest weight first, and of their input fields."""
    yield from _head(record, lang, id=record.signs, version=record.version)
    yield from ("", text("reference", "signs.says", lang, form=record.of), "")
    rows = (
        _indicator_row(indicator, lang)
        for indicator in sorted(record.entries, key=lambda indicator: -indicator.weight)
    )
    yield from table(lang, "id severity says ask basis check weight", rows)
    yield from ("", f"## {text('reference', 'signs.looks', lang)}")
    input_rows = (
        (f"`{name}`", _input_field(input_field)) for name, input_field in record.looks.items()
    )
    yield from table(lang, "part field", input_rows)


def _indicator_row(indicator: Indicator, lang: str) -> tuple[str, ...]:
    params = ", ".join(f"{key}: {_param(value)}" for key, value in indicator.params.items())
    numbers = {
        key: value for key, value in indicator.params.items() if isinstance(value, int | float)
    }
    says = open_gaps(fill_gaps(indicator.says.of(lang), numbers, lang))
    duration = text(
        "reference", "signs.lasting", lang, times=indicator.times, months=indicator.months
    )
    statement = f"**{indicator.title.of(lang)}.** {says}" + (
        f" ({duration})" if indicator.months > 1 else ""
    )
    check = f"`{indicator.kind}` ({params})"
    return (
        indicator.code,
        text("reference", f"severity.{indicator.severity}", lang),
        statement,
        indicator.ask.of(lang),
        _with_change(indicator.basis, indicator.changed, lang),
        check,
        str(indicator.weight),
    )


def _input_field(input_field: IndicatorInput) -> str:
    return f"`{input_field.field}`" + (
        f" ({_param(input_field.where)})" if input_field.where else ""
    )


def scheme_page(scheme: Scheme, lang: str, forms: Sequence[Form] = ()) -> Iterator[str]:
    """Yield the lines of a scheme's page below its head; kinds are called as in `forms`."""
    if scheme.note:
        yield f"- {text('reference', 'note', lang)}: {scheme.note.of(lang)}"
    yield from (f"- {line}" for line in scheme_text.series_notes(scheme, lang))
    if scheme.bands:
        yield from ("", f"## {text('reference', 'bands', lang)}")
        rows = [(b.title.of(lang), f"`{b.id}`", show(b.min, lang)) for b in scheme.bands]
        yield from table(lang, "grade id min", rows)
    yield from _groups(scheme, lang, forms)
    for line in (
        *scheme_text.meeting_requirements(scheme, lang),
        *scheme_text.year_requirements(scheme, lang),
    ):
        yield from ("", line)
    if scheme.parts:
        yield from ("", text("reference", f"share_base.{scheme.share_base}", lang))
        yield text("reference", f"mean.{scheme.mean}", lang)
    for part in scheme.parts:
        yield from _part(part, lang)
    yield from _conditions(scheme, lang)


def _groups(scheme: Scheme, lang: str, forms: Sequence[Form]) -> Iterator[str]:
    """Yield the criteria groups, of each score form apart."""
    kinds = {form.section: form.kinds for form in scheme.score_forms}
    for section in dict.fromkeys(group.section for group in scheme.groups):
        yield from ("", f"## {text('reference', 'groups', lang)}")
        if section in kinds:
            titles = _joined_titles(kinds[section], forms, lang)
            yield from ("", text("reference", "score_form", lang, id=section, kinds=titles))
        groups = scheme.groups_of(section)
        rows = [(g.title.of(lang), f"`{g.id}`", show(g.max, lang)) for g in groups]
        yield from table(lang, "grade id max", rows)


def _conditions(scheme: Scheme, lang: str) -> Iterator[str]:
    """Yield what a grade asks of an organisation, and what of it the form cannot tell."""
    if scheme.conditions:
        yield from ("", f"## {text('reference', 'conditions', lang)}")
        rows = [_condition(scheme, condition, lang) for condition in scheme.conditions]
        yield from table(lang, "grade type_of condition basis", rows)
    if scheme.unchecked:
        yield from ("", f"## {text('reference', 'unchecked', lang)}", "")
        yield from (f"- {unchecked.of(lang)}" for unchecked in scheme.unchecked)


def _part(part: Part, lang: str) -> Iterator[str]:
    yield from ("", f"## {part.title.of(lang)}")
    shorts = {grade.id: grade.short.of(lang) for grade in part.counts}
    yield from table(lang, "grade id", [(g.title.of(lang), f"`{g.id}`") for g in part.counts])
    if part.kinds:
        titles = "; ".join(kind.title.of(lang) for kind in part.kinds)
        yield from ("", text("reference", "kinds", lang, titles=titles))
    rows = [
        (
            line.title.of(lang),
            " + ".join(shorts[grade] for grade in line.grades),
            scheme_text.target_text(line, lang),
            _basis(line.basis, lang, confirmed=line.confirmed),
        )
        for line in part.lines
    ]
    yield from table(lang, "line grades target basis", rows)
    if part.caps:
        names = shorts | {"rated": text("reference", "cap.rated", lang)}
        yield from table(lang, "grade cap basis", [_cap(cap, names, lang) for cap in part.caps])


def _cap(cap: Cap, names: Mapping[str, str], lang: str) -> tuple[str, ...]:
    statement = text(
        "reference",
        "cap.says",
        lang,
        per_cent=cap.per_cent,
        base=" + ".join(names[name] for name in cap.base),
        scope=text("reference", f"cap.{cap.scope}", lang),
        rounding=text("reference", f"rounding.{cap.rounding}", lang),
    )
    return names[cap.grade], statement, _basis(cap.basis, lang, confirmed=cap.confirmed)


def _condition(scheme: Scheme, condition: Condition, lang: str) -> tuple[str, ...]:
    statement = text(
        "reference",
        "condition.says",
        lang,
        per_cent=condition.per_cent,
        what=condition.title.of(lang),
        rounding=text("reference", f"rounding.{condition.rounding}", lang),
    )
    grade = next(g for g in scheme.parts[0].grades if g.id == condition.grade)
    basis = _basis(condition.basis, lang, confirmed=condition.confirmed)
    return grade.title.of(lang), f"`{condition.type}`", statement, basis


def _basis(basis: str | None, lang: str, *, confirmed: bool) -> str:
    """Return a basis; where it was not seen, that it is unconfirmed."""
    if not basis:
        return ""
    return basis if confirmed else text("reference", "basis.unconfirmed", lang, basis=basis)


FINDINGS_FILE = "findings.md"


def findings_page(lang: str) -> str:
    """Return the page of finding codes: for each first letter a table with meaning and remedy."""
    return "\n".join(_lines(lang)) + "\n"


def _lines(lang: str) -> Iterator[str]:
    yield from (f"# {text('reference', 'findings.title', lang)}", "")
    yield text("reference", "findings.text", lang)
    for letter, group in groupby(finding_descriptions(lang), lambda entry: entry.code[0]):
        yield from ("", f"## {letter}: {text('reference', f'findings.{letter}', lang)}")
        yield from table(lang, "id severity says fix", (_row(entry, lang) for entry in group))


def _row(entry: FindingDescription, lang: str) -> tuple[str, ...]:
    severity = text("reference", f"severity.{entry.severity}", lang)
    return entry.code, severity, open_gaps(entry.message.what), open_gaps(entry.message.fix)
