"""Writes a scheme's tables of points that follow from facts, for its reference page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlay_batch.core.messages import show, text
from mlay_batch.schema.checks import REPORTER
from mlay_batch.schema.levels import Bound, Fact, Given, Level, Step
from mlay_batch.schema.markdown import table
from mlay_batch.schema.model import Form
from mlay_batch.schema.overlap import age_key
from mlay_batch.schema.schemes import Group, Scheme


def level_lines(scheme: Scheme, lang: str, forms: Sequence[Form]) -> Iterator[str]:
    """Yield the tables with their basis; titles of fields are those of the newest of `forms`."""
    if not scheme.levels:
        return
    words, groups = _Words(lang, forms), {group.id: group for group in scheme.groups}
    yield from ("", f"## {text('levels', 'page.title', lang)}", "")
    yield text("levels", "page.how", lang)
    for level in scheme.levels:
        yield from ("", f"### {words.heading(level, groups[level.group])}", "", *words.head(level))
        for fact in level.facts:
            yield from ("", words.fact(fact))
            rows = [(words.step(fact, step), show(step.points, lang)) for step in fact.steps]
            yield from table(lang, "step points", rows)


class _Words:
    """The words for parts of a table, in one language."""

    def __init__(self, lang: str, forms: Sequence[Form]) -> None:
        self.lang, self.forms = lang, sorted(forms, key=age_key, reverse=True)

    def heading(self, level: Level, group: Group) -> str:
        """Return what a table is about, and for how many points of which group."""
        points = {"best": level.best, "full": group.max}
        words = self._text("page.level", group=group.title.of(self.lang), **points)
        return f"{level.title.of(self.lang)} ({words})"

    def head(self, level: Level) -> Iterator[str]:
        """Yield what a table rests on, and when it is used."""
        basis = level.basis
        if not level.confirmed:
            basis = text("reference", "basis.unconfirmed", self.lang, basis=basis)
        yield f"- {text('reference', 'basis', self.lang)}: {basis}"
        if level.given:
            yield "- " + self._text("page.given", given=self._given(level.given))

    def fact(self, fact: Fact) -> str:
        """Return what is looked at: "Đảng viên có mặt / Đảng viên phải có mặt"."""
        of = self._title(fact.of) if fact.of else ""
        bounds = "; ".join(map(self._bound, fact.bounds))
        return self._text(f"page.{fact.kind}", value=self._title(fact.value), of=of, bounds=bounds)

    def step(self, fact: Fact, step: Step) -> str:
        """Return the bound of a step: "từ 75%", "thiếu không quá 15"."""
        for key, bound in step.bounds().items():
            if key == "short" and not bound:
                return self._text("step.whole")
            unit = "%" if fact.kind == "share" else ""
            return self._text(f"step.{key.rstrip('_')}", bound=f"{show(bound, self.lang)}{unit}")
        return self._text("step.rest")

    def _bound(self, bound: Bound) -> str:
        conditions = [self._given(bound.given)] if bound.given else []
        if bound.number and bound.from_ is not None:
            section = self._title(bound.number.partition(".")[0])
            number = f"{section}: {self._title(bound.number)}"
            conditions.append(
                self._text("page.number", number=number, least=show(bound.from_, self.lang))
            )
        least = show(bound.least, self.lang)
        if not conditions:
            return least
        return self._text("page.bound", least=least, given=", ".join(conditions))

    def _given(self, given: Given) -> str:
        conditions = (
            self._text("page.one_of", field=self._title(path), values=self._values(path, values))
            for path, values in given.items()
        )
        return ", ".join(conditions)

    def _title(self, path: str) -> str:
        """Return the title of a field, or its path where no form has it."""
        if path == REPORTER:
            return self._text("page.reporter")
        titles = (form.title_of(path, self.lang) for form in self.forms)
        return next((title for title in titles if title != path), f"`{path}`")

    def _values(self, path: str, values: Sequence[str]) -> str:
        """Return the titles of choices in the newest form that has the field."""
        section_id, _, name = path.partition(".")
        lists = (
            {choice.id: choice.title.of(self.lang) for choice in form.choices[str(field.choices)]}
            for form in self.forms
            for section in form.sections
            for field in section.fields
            if (section.id, field.id) == (section_id, name) and field.choices
        )
        titles = next(lists, {})
        return " / ".join(titles.get(value, value) for value in values)

    def _text(self, key: str, **params: object) -> str:
        return text("levels", key, self.lang, **params)
