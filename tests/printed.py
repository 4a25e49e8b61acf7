"""What a consolidated workbook prints, found by codes and by the words of its headings.

Headings are named here and nowhere else, each with the words it may have; nothing of the program is
imported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from datetime import date
from math import floor
from pathlib import Path
from typing import Any

from independent import BANDS, GRADES, YEARLY, Evidence, share
from openpyxl import load_workbook

SHEETS = {
    "quota": "Chỉ tiêu dự", "visits": "Chi bộ được dự",
    "members": "Đảng viên", "year": "Lũy kế", "themes": "Chuyên đề", "series": "Xếp loại năm",
    "forms": "Xếp loại năm", "returns": "Tình hình nộp", "overview": "Tổng quan",
    "origin": "Nguồn gốc",
}  # fmt: skip
HEADINGS = {
    "officer": "mã cán bộ", "cell": "mã đơn vị", "result": "kết quả", "verdict": "kết luận",
    "low": "đã xác định", "doubtful": "cần xác minh",
    "served": "số tháng+đến kỳ|số tháng+đến hết kỳ", "all_year": "số tháng+cả năm",
    "due": "hết kỳ+phải dự", "owed": "chưa làm tròn", "obligation": "chỉ tiêu năm",
    "opening": "từ đầu năm+đầu kỳ", "in": "từ đầu năm+tăng", "out": "từ đầu năm+giảm",
    "merged": "từ đầu năm+sáp nhập", "closing": "từ đầu năm+cuối kỳ",
    "held": "số buổi họp", "mean": "điểm bình quân", "grade": "mức+năm|xếp loại năm",
    "Tốt": "theo mức+tốt", "Khá": "theo mức+khá", "Trung bình": "theo mức+trung bình",
    "Kém": "theo mức+kém", "sha256": "sha256|sha-256", "received": "nhận lúc", "period": "kỳ",
}  # fmt: skip
NO_FIGURE = ("", "–")  # not reported, and what does not apply or cannot be
Line = dict[str, Any]


def values(line: Line, name: str) -> list[Any]:
    """Return the values under the headings that have such words."""
    ways = [way.split("+") for way in HEADINGS.get(name, name).split("|")]
    return [v for title, v in line.items() if any(all(w in title for w in way) for way in ways)]


def pick(line: Line, name: str) -> Any:
    """Return the value under a heading, by the words it may have."""
    found = values(line, name)
    if not found:
        raise AssertionError(f"no column {name} among {list(line)}")
    return found[0]


class Printed:
    """A consolidated workbook as it is printed: the values stored in its front sheets."""

    def __init__(self, path: Path) -> None:
        book = load_workbook(path, data_only=True, read_only=True)
        self.rows: dict[str, list[tuple[Any, ...]]] = {}
        titles = {
            name: title
            for name, begin in SHEETS.items()
            for title in book.sheetnames
            if title.startswith(begin)
        }
        for name, title in titles.items():
            blank = ("",) if name == "returns" else NO_FIGURE  # there – is a return waived
            self.rows[name] = [
                tuple(None if value in blank else value for value in row)
                for row in book[title].iter_rows(values_only=True)
            ]
        book.close()

    def lines(self, sheet: str, *columns: str) -> Iterator[Line]:
        """Yield the rows of every table with such columns; `caption` is what stands above it.

        A table begins with a heading "STT" (or "Năm", or has one "Tệp"), a blank row ends it.
        """
        for line in self._all_lines(sheet):
            if all(values(line, name) for name in columns):
                yield line

    def _all_lines(self, sheet: str) -> Iterator[Line]:
        titles: list[str] = []
        caption, in_heading = "", False
        for row in self.rows[sheet]:
            texts = [str(value or "").strip().lower() for value in row]
            if texts[0] in ("stt", "năm") or "tệp" in texts:
                titles, in_heading = texts, True
            elif in_heading and row[0] is None:
                titles = under(titles, texts)
            elif not any(texts):
                titles, caption = [], ""
            elif titles and is_caption(row):
                caption = str(row[0])
            elif not titles:
                caption = f"{caption} {row[0]}".strip()
            else:
                in_heading = False
                yield {"caption": caption} | dict(zip(titles, row, strict=True))

    def by_code(self, sheet: str, code: str, *columns: str) -> dict[tuple[str, str], Line]:
        """Return the named columns of the rows that bear a code, by the table's caption and it."""
        return {
            (line["caption"], pick(line, code)): {name: pick(line, name) for name in columns}
            for line in self.lines(sheet, code, *columns)
            if re.fullmatch(r"[A-Z]+[A-Z0-9-]+", str(pick(line, code)))
        }

    def has(self, sheet: str, name: object, *numbers: float) -> bool:
        """Whether a row with a cell that begins so holds all these numbers, wherever they stand."""
        return any(
            all(any(is_same(value, number) for value in row) for number in numbers)
            for row in self.rows[sheet]
            if any(str(value or "").startswith(str(name)) for value in row)
        )

    def shares(self) -> list[str]:
        """Return the names of the yearly shares in the overview's block of them."""
        rows = [(str(row[0] or ""), row[-1]) for row in self.rows["overview"]]
        starts = [n for n, (name, _) in enumerate(rows) if re.match(r"\d\. ", name)]
        first = next(n for n in starts if "Xếp loại hằng năm" in rows[n][0])
        last = next(n for n in starts if n > first)
        return [name for name, share in rows[first:last] if isinstance(share, int | float)]

    def deliveries(self) -> Iterator[Line]:
        """Yield every file received."""
        for line in self.lines("origin"):
            if isinstance(sha256 := pick(line, "sha256"), str):
                period = re.findall(r"\d+", str(pick(line, "period")))
                verdict = str(pick(line, "verdict")).lower()
                yield {
                    "branch": pick(line, "cell"),
                    "period": sorted(map(int, period)),  # month, year
                    "received": read_day(str(pick(line, "received"))),
                    "accepted": verdict.endswith("nhận"),
                    "refused": "trả lại" in verdict,
                    "sha256": sha256,
                }


def is_caption(row: tuple[Any, ...]) -> bool:
    """Whether a row within a table is the title of what follows, with a number beside it or not."""
    is_text = isinstance(row[0], str) and not row[0].startswith("Tổng cộng")
    return is_text and sum(value is not None for value in row) <= 3


def under(titles: list[str], texts: list[str]) -> list[str]:
    """Return the headings with those of the row below: "group / heading"."""
    names, group = [], ""
    for title, text in zip(titles, texts, strict=True):
        group = title or group
        names.append(f"{group} / {text}" if text else title)
    return names


def read_day(text: str) -> date:
    if found := re.match(r"(\d+)/(\d+)/(\d{4})", text):
        day, month, year = map(int, found.groups())
        return date(year, month, day)
    return date.fromisoformat(text[:10])


def is_same(value: object, number: float) -> bool:
    return isinstance(value, int | float) and abs(value - number) < 1e-9


# Where the two disagree.


def quotas(evidence: Evidence, book: Printed) -> Iterator[str]:
    columns = ("served", "all_year", "low", "doubtful", "due", "owed", "obligation", "result")
    lines = {
        (code, next(role for role in YEARLY if caption.startswith(role))): line
        for (caption, code), line in book.by_code("quota", "officer", *columns).items()
    }
    expected = evidence.quotas()
    yield from missing("quota", lines, expected)
    for key in lines.keys() & expected.keys():
        line, meant = lines[key], expected[key]
        low, high = meant["attended"]
        numbers = {"low": low, "doubtful": high - low, "owed": float(meant["owed"])}
        numbers |= dict(zip(("served", "all_year"), meant["months"], strict=True))
        yield from differ(" ".join(key), line, numbers | {"obligation": meant["obligation"]})
        if line["due"] not in (floor(meant["owed"]), meant["obligation"]):
            yield f"{key}: {line['due']} due of {meant['owed']}"
        if (state := evidence.state(meant)) and not line["result"].startswith(state):
            yield f"{key}: {line['result']}, not {state}"


def pairs(evidence: Evidence, book: Printed) -> Iterator[str]:
    lines = {
        (pick(line, "officer"), role, cell): line
        for line in book.lines("quota", "cell")
        for role in YEARLY
        if line["caption"].startswith(role) and (cell := pick(line, "cell")) in evidence.cells
    }
    roles = {(officer, role) for officer, role in evidence.quotas()}
    expected = {
        (officer, role, cell): evidence.duty_months(officer, role, cell)
        for officer, role in roles
        for cell in evidence.cells
    }
    yield from unprinted(lines, [key for key, (served, _) in expected.items() if served])
    for key in lines.keys() & expected.keys():
        numbers = dict(zip(("served", "all_year"), expected[key], strict=True))
        yield from differ(" ".join(key), {n: pick(lines[key], n) or 0 for n in numbers}, numbers)


SAID = {"dissolved": "giải thể", "own": "người của chi bộ", "unknown": "chưa rõ",
        "nobody": "chưa có ai dự"}  # fmt: skip


def visits(evidence: Evidence, book: Printed) -> Iterator[str]:
    """Nobody attended is said of no dissolved cell, and of none with only its own members."""
    expected = evidence.visits()
    lines = {code: line for (_, code), line in book.by_code("visits", "cell", "result").items()}
    yield from missing("visits", lines, expected)
    for cell in lines.keys() & expected.keys():
        text = lines[cell]["result"].lower()
        said = [meaning for meaning, words in SAID.items() if words in text] or ["visited"]
        if expected[cell] != said[0]:
            yield f"{cell}: {lines[cell]['result']}, but {expected[cell]}"
    (line,) = [line for line in book.lines("visits") if str(line["stt"]).startswith("Tổng cộng")]
    nobody = list(expected.values()).count("nobody")
    if not re.search(rf": {nobody}(?!\d)", str(pick(line, "result"))):
        yield f"nobody: {pick(line, 'result')}, not {nobody}"


def members(evidence: Evidence, book: Printed) -> Iterator[str]:
    columns = ("opening", "in", "out", "merged", "closing")
    lines = {code: line for (_, code), line in book.by_code("members", "cell", *columns).items()}
    expected = evidence.movement()
    yield from unprinted(lines, expected)
    for cell in lines.keys() & expected.keys():
        yield from differ(cell, lines[cell], expected[cell])
    (line,) = [line for line in book.lines("members") if str(line["stt"]).startswith("Tổng cộng")]
    printed = {name: pick(line, name) for name in columns}
    yield from differ("total", printed, {n: sum(m[n] for m in expected.values()) for n in columns})
    if printed["merged"] != 0:
        yield f"moves within the office sum to {printed['merged']}, not 0"


def meetings(evidence: Evidence, book: Printed) -> Iterator[str]:
    columns = ("held", "mean", *BANDS, "grade")
    lines = {code: line for (_, code), line in book.by_code("year", "cell", *columns).items()}
    yield from unprinted(lines, filter(evidence.of, evidence.cells))
    for cell, line in lines.items():
        yield from differ(cell, line, evidence.bands([cell]))
        meant = evidence.year_grades(cell)
        if not evidence.organisations[cell].get("successor") and grade(line["grade"]) not in meant:
            yield f"{cell}: grade {line['grade']!r}, not {sorted(meant)}"


def month(evidence: Evidence, book: Printed) -> Iterator[str]:
    month = evidence.bands(evidence.cells, evidence.until)
    if not book.has("overview", f"Tháng {evidence.until} năm", *filter(None, month.values())):
        yield f"the month: not {month}"


def themes(evidence: Evidence, book: Printed) -> Iterator[str]:
    quarter = (evidence.until - 1) // 3
    lines = {
        pick(line, "cell"): line
        for line in book.lines("themes", "cell", "result")
        if pick(line, "cell") in evidence.cells
    }
    yield from unprinted(lines, filter(evidence.of, evidence.cells))
    for cell, line in lines.items():
        counts = [value for title, value in line.items() if "/ quý" in title]
        meant = evidence.themes(cell)
        if counts[: len(meant)] != meant:
            yield f"{cell}: themes {counts}, not {meant}"
        if str(pick(line, "result")).startswith("■") != evidence.blamed(cell, quarter):
            yield f"{cell}: {pick(line, 'result')}, blamed {evidence.blamed(cell, quarter)}"


def reporting(evidence: Evidence, book: Printed) -> Iterator[str]:
    monthly = [line for line in book.lines("returns") if "t1" in line]
    lines = {c: line for line in monthly if (c := pick(line, "cell")) in evidence.cells}
    yield from unprinted(lines, filter(evidence.of, evidence.cells))
    for cell, line in lines.items():
        signs = "|".join(line[f"t{month}"] or "" for month in range(1, evidence.until + 1))
        meant = "|".join(evidence.reported(cell, m) for m in range(1, evidence.until + 1))
        if signs != meant:
            yield f"{cell}: {signs}, not {meant}"


PARTS = (
    ("cells that are organisations", "cells", True, {"top": 1, "good or better": 2}),
    ("cells below a committee", "cells", False, {"top": 1, "good or better": 2}),
    ("members", "members", None, {"completed or better": 3}),
)


def classification(evidence: Evidence, book: Printed) -> Iterator[str]:
    """Every year and population has its line, with its shares of the rated."""
    for year in sorted({entry.year for entry in evidence.returns if entry.month is None}):
        for name, section, direct, lines in PARTS:
            counts = evidence.graded(year, section, direct=direct)
            numbers = [counts[column] for column in ("total", "rated", *GRADES)]
            for line, grades in lines.items():
                percent = share(counts, GRADES[:grades], ("rated",))
                if not book.has("series", year, *numbers, percent):
                    yield f"{year} {name}: no line of {numbers} with {line} {percent:.2f} %"
    yield from (f"{name}: of what?" for name in book.shares() if "trên số" not in name)


def grade(value: object) -> str:
    """Return "Tốt", another grade as it stands, or "" for none."""
    text = str(value or "")
    if re.search("(?i)không|chưa|^[–…-]$", text):
        return ""
    return "Tốt" if "Tốt" in text else text


Area = Callable[[Evidence, Printed], Iterator[str]]
AREAS: tuple[Area, ...] = (
    quotas,
    pairs,
    visits,
    members,
    meetings,
    month,
    themes,
    reporting,
    classification,
)


def missing(name: str, printed: Mapping[Any, Any], meant: Mapping[Any, Any]) -> Iterator[str]:
    if odd := printed.keys() ^ meant.keys():
        yield f"{name}: only on one side {sorted(odd)}"


def unprinted(printed: Container[Any], meant: Iterable[Any]) -> Iterator[str]:
    yield from (f"{key}: not printed" for key in meant if key not in printed)


def differ(name: str, printed: Line, meant: Line) -> Iterator[str]:
    for column, number in meant.items():
        value = printed[column]
        if not (value is None if number is None else is_same(value, number)):
            yield f"{name}: {column} {value}, not {number}"
