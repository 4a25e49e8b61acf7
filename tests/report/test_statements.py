"""Every text on a printed sheet is a label, a name, a value, or a statement of the listed ones.

The list is `docs/reference/statements.md`: a text of `locale/` is on it once its entry has a basis.
Bold text is a label. What stands in the body of a table or below it is data, the words of a form,
scheme or sign (which have pages of their own), or a statement.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from typing import Any

import pytest
import yaml
from builders import changes, reports
from builders.sheet_cells import load_sheets
from openpyxl import load_workbook

from mlay_batch.core.messages import locale_folder
from mlay_batch.core.period import Period
from mlay_batch.schema.model import Text
from mlay_batch.schema.statements import AREAS

LOCALE = locale_folder()

GAP = re.compile(r"\{\w+\}")
SYMBOL = "(?:[●○◊▲■×?–…] )?"
# Texts of labels that stand in plain type: titles of sheets and what they hold, units, links.
LABELS = re.compile(
    r"sheet\.|about\.|trend\.|channel\.|form7\.unit|criteria\.(own|confirmed|difference)|overview\."
    r"|completeness\.(legend|sent)|provenance\.|quota\.times|note\.section|rating\.movement|page\."
    r"|signs\.year$|severity\.|refers_to|file_number|column\.|members\.merged|year\.(every|least|best|or_better)"
    r"|(back|as_of|long_day|yes|no|since|until|instead)$"
)
# Dates, numbers, places in a file, sums of column numbers, abbreviations of months and years.
VALUE = re.compile(
    r"(?i)[\d.,:/%+−×÷=()<>≥–\s-]+|\$?[A-Z]{1,3}\$?\d+(–[A-Z]+\d+)?|T\d+|[A-D]|[0-9a-f]{64}"
    r"|[\w-]+\.\w{2,5}|[x●○◊▲■×…*?]|mlay-batch [\d.]+|(\w{4}-){2}\w{4}"
)


def clean(text: str) -> str:
    """A text as it is compared: what a sentence ends with is no part of it."""
    return text.strip(" .…;,)\n").casefold()


def pattern(text: str) -> re.Pattern[str]:
    """What matches a text with gaps, with a symbol before it or not."""
    return re.compile(SYMBOL + ".*?".join(map(re.escape, GAP.split(clean(text)))), re.DOTALL)


def entries(*areas: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The texts of areas by key; of a finding what it says and what to do."""
    for area in areas:
        for key, entry in yaml.safe_load((LOCALE / f"{area}.yaml").read_text("utf-8")).items():
            parts = [entry] if "vi" in entry else [v for v in entry.values() if "vi" in v]
            yield from ((key, part) for part in parts)


@dataclass(frozen=True)
class Vocabulary:
    """What may stand on a sheet: names and values as they are, statements and labels with gaps."""

    known: frozenset[str]
    patterns: tuple[re.Pattern[str], ...]

    @classmethod
    def of(cls, inputs: Any) -> Vocabulary:
        findings = (path.stem for path in sorted(LOCALE.glob("findings-*.yaml")))
        told = {text for text in strings(inputs) if "{" in text}
        told |= {entry["vi"] for _, entry in entries(*findings, "waivers")}
        known = set(strings(inputs)) - told
        for key, entry in entries(*AREAS):
            if "basis" in entry or LABELS.match(key):
                told.add(entry["vi"])
            elif not GAP.search(entry["vi"]):  # of notes on data the contents name a sentence
                known.add(entry["vi"].partition(". ")[0] if key[:5] == "note." else entry["vi"])
        long_enough = (text for text in told if len(clean(GAP.sub("", text))) >= 2)
        return cls(frozenset(map(clean, known)), tuple(map(pattern, long_enough)))

    def has(self, text: str) -> bool:
        """Whether a text is one of them, or several joined."""
        whole, text = text.casefold().removesuffix("."), clean(text)  # a gap may end it: "…."
        if text in self.known or VALUE.fullmatch(text):
            return True
        if any(pattern.fullmatch(words) for pattern in self.patterns for words in (text, whole)):
            return True
        for separator in ("\n", ". ", "; ", " – ", ": ", ", ", " (", "!", " ►"):
            head, found, tail = text.partition(separator)
            if found and all(self.has(part) for part in (head, tail) if part):
                return True
        ends = (found.start() for found in re.finditer(" ", text))
        return any(text[:end] in self.known and self.has(text[end:]) for end in ends)


def strings(thing: Any) -> Iterator[str]:
    """Every text in records; descriptions in Vietnamese."""
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, Text):
        yield thing.vi
    elif is_dataclass(thing):
        for field in fields(thing):
            yield from strings(getattr(thing, field.name))
    elif isinstance(thing, Mapping | tuple | list):
        for part in thing.items() if isinstance(thing, Mapping) else thing:
            yield from strings(part)


def body_texts(data: bytes) -> set[str]:
    """The texts in plain type on the sheets that are no data sheets."""
    book = load_workbook(io.BytesIO(data), data_only=True)
    return {
        cell.value
        for sheet in book
        if sheet.sheet_state == "visible" and not sheet.title.startswith("Dữ liệu")
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and clean(cell.value) and not cell.font.b
    }


def unlisted(data: bytes, inputs: Any) -> list[str]:
    vocabulary = Vocabulary.of(inputs)
    return sorted(text for text in body_texts(data) if not vocabulary.has(text))


@pytest.mark.parametrize("month", [11, 12])
def test_every_text_is_a_label_a_value_or_a_listed_statement(month: int) -> None:
    inputs = reports.facts(11, Period(2019, month), date(2020, 1, 8))
    assert unlisted(reports.write(inputs), inputs) == []


def test_so_is_every_text_of_a_month_made_by_hand() -> None:
    inputs = changes.facts(changes.papers())
    assert unlisted(changes.write_book(inputs), inputs) == []


def test_a_statement_that_is_not_listed_is_found() -> None:
    vocabulary = Vocabulary.of(changes.facts(changes.papers()))
    assert vocabulary.has("▲ Chậm tiến độ")
    assert vocabulary.has("Cần 3 buổi trong 1 tháng còn lại, mỗi tháng một buổi thì không đạt")
    assert not vocabulary.has("Chắc chắn thiếu 3 buổi")
    assert not vocabulary.has("Không còn khả năng đạt")


def test_who_is_assigned_to_his_own_cell_alone_is_told_why_nothing_counts() -> None:
    """CB04 of the town of `changes` belongs to A1; with that cell alone no visit can count."""
    inputs = changes.facts(changes.papers())
    own = [replace(a, branch="A1") for a in inputs.register.assignments if a.officer == "CB04"]
    others = [a for a in inputs.register.assignments if a.officer != "CB04"]
    inputs = replace(inputs, register=replace(inputs.register, assignments=(*others, *own)))
    book, plain = load_sheets(changes.write_book(inputs)), load_sheets(changes.unchanged_book())
    overview, head = book["Tổng quan"], "– Không đánh giá"
    row, column = overview.find(head)
    assert overview.at(row + 1, column) == 1
    assert not [row for row in plain["Tổng quan"].rows if head in row]  # no column for nobody
    sheet = book["Chỉ tiêu dự sinh hoạt"]
    said = sheet.at(sheet.row_of("CB04"), sheet.find("Còn phải làm")[1])
    assert str(said).endswith("chỉ được phân công ở chi bộ mình sinh hoạt, lượt dự ở đó không tính")
