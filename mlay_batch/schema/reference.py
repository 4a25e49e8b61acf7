"""The reference page of a form, quota, rating scheme or set of signs, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mlay_batch.messages import fill, show, text
from mlay_batch.period import Period
from mlay_batch.schema.catalogue import Catalogue
from mlay_batch.schema.codes import FINDINGS, findings_page
from mlay_batch.schema.markdown import open_gaps, table
from mlay_batch.schema.overlap import kind_and_id
from mlay_batch.schema.records import Effective, Field, Form, Quota, Rule, Section
from mlay_batch.schema.scheme_page import scheme_page
from mlay_batch.schema.schemes import Scheme
from mlay_batch.schema.signs import Description, Look, Sign, Signs


def reference(record: Description, lang: str, forms: Sequence[Form] = ()) -> str:
    """Return the page of `record` in `lang`: everything the YAML says that a person may ask.

    What stands in it by id alone is called as the choices of `forms` call it.
    """
    if isinstance(record, Form):
        lines = _form(record, lang, forms)
    elif isinstance(record, Quota):
        lines = _quota(record, lang, forms)
    elif isinstance(record, Signs):
        lines = _signs(record, lang)
    else:
        lines = _scheme(record, lang)
    return "\n".join(lines) + "\n"


def pages(catalogue: Catalogue, lang: str) -> Mapping[str, str]:
    """Return every page by file name, and ``README.md`` that lists them."""
    records: tuple[Description, ...] = (
        *catalogue.forms,
        *catalogue.quotas,
        *catalogue.schemes,
        *catalogue.signs,
    )
    listed = [
        f"- [{record.title.of(lang)}]({_file(record)}): {_effective(record.effective, lang)}"
        for record in records
    ]
    listed.append(f"- [{text('reference', 'findings.title', lang)}]({FINDINGS})")
    index = [f"# {text('reference', 'index.title', lang)}", "",
             text("reference", "index.text", lang), "", *listed, *_codes(catalogue, lang),
             ""]  # fmt: skip
    found = {_file(record): reference(record, lang, catalogue.forms) for record in records}
    return found | {FINDINGS: findings_page(lang), "README.md": "\n".join(index)}


def _codes(catalogue: Catalogue, lang: str) -> Iterator[str]:
    """Yield an index of the rules' codes: where a message that shows one is explained."""
    where: dict[str, list[str]] = {}
    for form in catalogue.forms:
        for _, rule in form.rules():
            link = f"[{form.form} {form.version}]({_file(form)})"
            where.setdefault(rule.code, []).append(link)
    yield from ("", f"## {text('reference', 'index.codes', lang)}")
    yield from table(lang, "id explained", ((c, ", ".join(where[c])) for c in sorted(where)))


def _file(record: Description) -> str:
    if isinstance(record, Form):
        return f"form-{record.form}-{record.version}.md"
    if isinstance(record, Scheme):
        return f"scheme-{record.scheme}-{record.version}.md"
    if isinstance(record, Signs):
        return f"signs-{record.signs}-{record.version}.md"
    return f"quota-{record.quota}-{record.effective.from_}.md"


def _named(ids: Sequence[str], forms: Sequence[Form], lang: str) -> str:
    """Return `ids` by their titles in the first list of choices that has them all."""
    lists = ({c.id: c.title.of(lang) for c in one} for f in forms for one in f.choices.values())
    titles = next((found for found in lists if found.keys() >= set(ids)), {})
    return ", ".join(titles.get(one, one) for one in ids)


def _form(form: Form, lang: str, forms: Sequence[Form]) -> Iterator[str]:
    yield from _head(form, lang, id=form.form, version=form.version)
    yield "- " + text("reference", f"period.{form.period}", lang)
    if form.reporters:
        yield "- " + text("reference", "reporters", lang, types=_named(form.reporters, forms, lang))
    if form.due:
        yield "- " + text("reference", "due", lang, day=form.due.day)
    if form.due and form.due.lock:
        yield "- " + text("reference", "lock", lang, day=form.due.lock)
    if form.instructions:
        yield from ("", f"## {text('reference', 'instructions', lang)}", "")
        yield from (f"{n}. {one.of(lang)}" for n, one in enumerate(form.instructions, 1))
    for section in form.sections:
        yield from _section(form, section, lang)


def _head(record: Description, lang: str, **names: object) -> Iterator[str]:
    kind, _ = kind_and_id(record)
    yield from (f"# {record.title.of(lang)}", "")
    yield "- " + text("reference", f"{kind}.meta", lang, **names)
    basis = text("reference", "basis", lang)
    yield f"- {basis}: {'; '.join(record.basis)}; {_effective(record.effective, lang)}"


def _effective(effective: Effective, lang: str) -> str:
    key = "effective.closed" if effective.to else "effective.open"
    months = {"from": effective.from_, "to": effective.to or effective.from_}
    shown = {name: Period.parse(month).title(lang).lower() for name, month in months.items()}
    return text("reference", key, lang, **shown)


def _section(form: Form, section: Section, lang: str) -> Iterator[str]:
    yield from ("", f"## {section.title.of(lang)}", "")
    yield text("reference", section.layout, lang, id=section.id, rows=section.rows)
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


def _field_rows(form: Form, section: Section, lang: str) -> Iterator[tuple[str, ...]]:
    for entry in section.fields:
        title = ": ".join(t.of(lang) for t in (entry.group, entry.title) if t)
        required = text("reference", "required", lang) if entry.required else ""
        kind = "; ".join(_kind(form, entry, lang))
        yield title, f"`{entry.id}`", kind, required, " ".join(_help(entry, lang))


def _kind(form: Form, entry: Field, lang: str) -> Iterator[str]:
    """Yield the type of a field, its limits, and what is filled in beforehand."""
    kind = text("reference", f"type.{entry.type}", lang)
    if entry.choices:
        options = (f"{c.title.of(lang)} (`{c.id}`)" for c in form.choices[entry.choices])
        kind += ": " + " / ".join(options)
    elif entry.ref:
        kind += ": " + text("reference", f"list.{entry.ref}", lang)
    yield f"{kind} ({entry.unit.of(lang)})" if entry.unit else kind
    yield from _limits(entry, lang)
    if entry.default is not None:
        yield text("reference", "field.default", lang, value=_default(form, entry, lang))
    if entry.prefill:
        yield text("reference", "prefill", lang, source=entry.prefill)
    if entry.locked:
        yield text("reference", "locked", lang)


def _limits(entry: Field, lang: str) -> Iterator[str]:
    bounds = {name: value for name in ("min", "max") if (value := getattr(entry, name)) is not None}
    if bounds:
        key = "between" if len(bounds) == 2 else next(iter(bounds))
        yield text("reference", f"limit.{key}", lang, **bounds)
    if entry.type == "text":
        yield text("reference", "limit.length", lang, max=entry.max_length)
    if entry.pattern:
        yield text("reference", "limit.pattern", lang, pattern=entry.pattern)
    if entry.within_period:
        yield text("reference", "limit.within_period", lang)


def _default(form: Form, entry: Field, lang: str) -> str:
    for choice in form.choices[entry.choices] if entry.choices else ():
        if choice.id == entry.default:
            return choice.title.of(lang)
    return show(entry.default, lang)


def _help(entry: Field, lang: str) -> Iterator[str]:
    if entry.help:
        yield entry.help.of(lang)
    if entry.example:
        yield text("reference", "example", lang, example=entry.example)


def _rule_row(rule: Rule, lang: str) -> tuple[str, ...]:
    params = ", ".join(f"{key}: {_param(value)}" for key, value in rule.params.items())
    severity = text("reference", f"severity.{rule.severity}", lang)
    known = {key: value for key, value in rule.params.items() if isinstance(value, int | float)}
    says, fix = (open_gaps(fill(words.of(lang), known, lang)) for words in (rule.says, rule.fix))
    return rule.code, severity, says, fix, rule.basis, f"`{rule.check}` ({params})"


def _param(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_param(one)}" for key, one in value.items())
    return " + ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _quota(quota: Quota, lang: str, forms: Sequence[Form]) -> Iterator[str]:
    def answer(given: bool) -> str:
        return text("reference", "answer.yes" if given else "answer.no", lang)

    def says(key: str, **params: object) -> str:
        return "- " + text("reference", f"quota.{key}", lang, **params)

    per = text("reference", f"per.{quota.per}", lang)
    yield from _head(quota, lang, id=quota.quota)
    yield from ("", text("reference", "quota.says", lang, role=quota.role, times=quota.times,
                         per=per), "")  # fmt: skip
    yield says("kinds", kinds=_named(quota.counts.kinds, forms, lang))
    yield says("substitutes", answer=answer(quota.counts.substitutes))
    yield says("own_cell", answer=answer(quota.counts.own_cell))
    yield says("rounding", rounding=text("reference", f"rounding.{quota.rounding}", lang))


def _scheme(scheme: Scheme, lang: str) -> Iterator[str]:
    yield from _head(scheme, lang, id=scheme.scheme, version=scheme.version)
    yield from scheme_page(scheme, lang)


def _signs(record: Signs, lang: str) -> Iterator[str]:
    """Yield the signs, and below them the fields they look at."""
    yield from _head(record, lang, id=record.signs, version=record.version)
    yield from ("", text("reference", "signs.says", lang, form=record.of), "")
    rows = (_sign_row(sign, lang) for sign in sorted(record.entries, key=lambda sign: -sign.weight))
    yield from table(lang, "id says ask basis check weight", rows)
    yield from ("", f"## {text('reference', 'signs.looks', lang)}")
    looks = ((f"`{name}`", _look(look)) for name, look in record.looks.items())
    yield from table(lang, "part field", looks)


def _sign_row(sign: Sign, lang: str) -> tuple[str, ...]:
    params = ", ".join(f"{key}: {_param(value)}" for key, value in sign.params.items())
    known = {key: value for key, value in sign.params.items() if isinstance(value, int | float)}
    says = open_gaps(fill(sign.says.of(lang), known, lang))
    lasting = text("reference", "signs.lasting", lang, times=sign.times, months=sign.months)
    told = f"**{sign.title.of(lang)}.** {says}" + (f" ({lasting})" if sign.months > 1 else "")
    check = f"`{sign.kind}` ({params})"
    return sign.code, told, sign.ask.of(lang), sign.basis, check, str(sign.weight)


def _look(look: Look) -> str:
    return f"`{look.field}`" + (f" ({_param(look.where)})" if look.where else "")
