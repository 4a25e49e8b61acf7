"""Writes the news as sentences: names, titles and numbers put into the texts of ``news.yaml``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from mlay_batch.core import messages
from mlay_batch.core.period import Period
from mlay_batch.core.text import begin_small, round_half_up
from mlay_batch.figures.news import Amount, Clause, News, NewsName
from mlay_batch.report.report_context import ReportWords

Variant = Literal["", "chat", "table"]
CHAT_NAMES = 4  # names in a line of the chat message


@dataclass(frozen=True)
class NewsText:
    """The words of the news.

    Attributes:
        words: names and words of the report.
        variant: ``chat`` for the message: short, and only the clauses that have such a text;
            ``table`` where a table below names what the sentence then only counts; else empty.
    """

    words: ReportWords
    variant: Variant = ""

    @property
    def is_chat(self) -> bool:
        """Whether the text is for the message."""
        return self.variant == "chat"

    def title(self, sentence: News) -> str:
        """Return what a sentence is about."""
        return self._text(f"title.{sentence.rule.id}")

    def sentence(self, sentence: News) -> str:
        """Return a sentence; empty where nothing of it goes into a chat."""
        return " ".join(self.clauses(sentence))

    def clauses(self, sentence: News) -> Iterator[str]:
        """Yield the parts of a sentence that are printed."""
        limit = sentence.rule.max_names
        yield from filter(None, (self._clause(part, limit) for part in sentence.clauses))

    def _clause(self, clause: Clause, limit: int) -> str:
        key = self._key(clause.key)
        if self.is_chat and key == clause.key:
            return ""
        names = self._names(clause)
        if self.is_chat and any(name.branch for name in clause.names):  # bands are never cut
            limit = min(limit, CHAT_NAMES)
        text = "; ".join(names[:limit])
        if len(names) > limit:
            text = self._text("more", names=text, count=len(names) - limit)
        return self._text(key, **self._gaps(clause.amounts), names=text)

    def cut_names(self, sentence: News) -> Iterator[str]:
        """Yield all names of the clauses that print only some of theirs."""
        for clause in sentence.clauses:
            if len(clause.names) > sentence.rule.max_names:
                yield from self._names(clause)

    def _names(self, clause: Clause) -> list[str]:
        area, units = clause.key.partition(".")[0], self._units(clause.names)
        return [self._name(area, name, units.get(name.branch, "")) for name in clause.names]

    def _units(self, names: Iterable[NewsName]) -> Mapping[str, str]:
        """Return the names of organisations by code, without a word that begins all of them."""
        units = {name.branch: self.words.name(name.branch) for name in names if name.branch}
        kind = self._text("cell")
        if all(unit.startswith(kind) for unit in units.values()):
            return {branch: unit.removeprefix(kind) for branch, unit in units.items()}
        return units

    def _name(self, area: str, name: NewsName, unit: str) -> str:
        gaps = self._gaps(name.amounts)
        gaps["unit"] = unit
        gaps["officer"] = self.words.officer_in_words(name.officer)
        return self._text(self._key(f"{area}.{name.key}"), **gaps)

    def _key(self, key: str) -> str:
        """Return the key of the variant's own text, where it has one."""
        own_key = f"{key}.{self.variant}"
        return own_key if messages.has_text("news", own_key) else key

    def _gaps(self, amounts: Mapping[str, Amount]) -> dict[str, object]:
        """Return amounts as they are printed, ids as titles."""
        gaps: dict[str, object] = {name: self._shown(name, x) for name, x in amounts.items()}
        if "first" in amounts:
            gaps["window"] = self._window(amounts["first"], amounts["last"])
        return gaps

    def _shown(self, name: str, value: Amount) -> object:
        if isinstance(value, float):
            return float(round_half_up(value, 1))
        if not isinstance(value, str):
            return value
        if name in ("period", "since"):
            return begin_small(self.words.period_title(value))
        return self._title(name, value)

    def _title(self, name: str, value: str) -> str:
        """Return the title of an id."""
        words = self.words
        if name == "state":
            return words.state_title("return", value).lower()
        if name == "form":
            return words.form_title(value).capitalize()
        if name == "quota":
            return self._quota_title(value)
        if name == "band":
            return words.band_title(value)
        if name == "sign":
            return words.sign_title(value)
        raise KeyError(name)

    def _quota_title(self, quota_id: str) -> str:
        """Return who owes a quota; in a report with how many meetings."""
        quotas = (line.quota for line in self.words.figures.quota)
        quota = next(quota for quota in quotas if quota.quota == quota_id)
        title = self.words.choice_title("role", quota.role)
        if self.is_chat:
            return title
        window = self.words.t(f"window.{quota.window}")
        return self._text("quota", title=title, times=quota.times, window=window)

    def _window(self, first: Amount, last: Amount) -> str:
        """Return the title of the months `first` to `last` of the report's year."""
        year = self.words.figures.period.year
        months = int(first or 0), int(last or 0)
        period = Period(year, months[0], months[1] - months[0] + 1)
        is_kind = period.length in (1, 3, 12) and (period.month - 1) % period.length == 0
        if is_kind:
            return begin_small(period.title(self.words.lang))
        return self._text("months", first=months[0], last=months[1], year=str(year))

    def _text(self, key: str, **gaps: object) -> str:
        return messages.text("news", key, self.words.lang, **gaps)
