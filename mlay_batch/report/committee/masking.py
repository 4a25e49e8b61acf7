"""Masks in words that people wrote what must not go out: paths of files, names of persons."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace

from mlay_batch.report.committee.committee_report import CommitteeReport, ReportTable, Value
from mlay_batch.report.committee.leaks import PATH
from mlay_batch.report.report_context import ReportWords

_MASK = "…"
_WHOLE_PATH = re.compile(rf"(?:{PATH.pattern})\S*")


def mask_paths(report: CommitteeReport) -> CommitteeReport:
    """Return the report with `…` for each path of a file in its texts.

    A cell's remark or a name in the register may hold one; it is no reason to break off.
    """

    def mask(text: str) -> str:
        return _WHOLE_PATH.sub(_MASK, text)

    return replace(
        report,
        superior=mask(report.superior),
        office=mask(report.office),
        sections=tuple(
            replace(
                section,
                sentences=tuple(map(mask, section.sentences)),
                tables=tuple(_mask_table(table, mask) for table in section.tables),
            )
            for section in report.sections
        ),
        annexes=tuple(_mask_table(table, mask) for table in report.annexes),
        recipients=tuple(map(mask, report.recipients)),
    )


def _mask_table(table: ReportTable, mask: Callable[[str], str]) -> ReportTable:
    rows = tuple(tuple(_mask_value(value, mask) for value in row) for row in table.rows)
    return replace(table, rows=rows)


def _mask_value(value: Value, mask: Callable[[str], str]) -> Value:
    return mask(value) if isinstance(value, str) else value


def mask_names(words: ReportWords, text: str) -> str:
    """Return a text with posts in place of the names of officers and signatories.

    Whole names alone, in whatever letters and with whatever blanks; of a name that several bear, or
    of a person without a post, "an officer".
    """
    posts = _posts(words)
    if not posts:
        return text
    longest_first = sorted(posts, key=len, reverse=True)
    names = "|".join(r"\s+".join(map(re.escape, name.split())) for name in longest_first)
    pattern = re.compile(rf"(?<!\w)(?:{names})(?!\w)", re.IGNORECASE)
    plain = unicodedata.normalize("NFC", text)
    return pattern.sub(lambda match: posts[_key(match[0])], plain)


def _posts(words: ReportWords) -> Mapping[str, str]:
    """Return what stands for a person, by name in small letters."""
    register, posts = words.inputs.register, dict[str, set[str]]()
    people = [(officer.name, officer.position) for officer in register.officers]
    people += [(signatory.name, signatory.position) for signatory in register.signatories]
    for name, post in people:
        if name.strip():
            posts.setdefault(_key(name), set()).add(post or "")
    unnamed = words.t("unnamed")
    return {name: (min(of) if len(of) == 1 else "") or unnamed for name, of in posts.items()}


def _key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
