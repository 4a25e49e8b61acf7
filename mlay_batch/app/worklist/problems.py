"""Matters that are no returns: what is wrong with register, settings, workspace, mailbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlay_batch.app.archive_check import Defect
from mlay_batch.app.worklist.records import Matter, say
from mlay_batch.app.worklist.view_files import cell_link
from mlay_batch.core.findings import Finding, cell_ranges
from mlay_batch.core.messages import Message, error_text, explain, text
from mlay_batch.errors import MlayError
from mlay_batch.schema import Form

REGISTER_FILE = "register.xlsx"
_SEEN_TO = frozenset({"broken_off", "doubtful"})  # by this run; by a row of its own


def finding_matters(
    findings: Sequence[Finding], form: Form | None, lang: str, file: str = REGISTER_FILE
) -> Iterator[Matter]:
    """Yield a matter for the findings of one kind on one sheet of a workbook of the office's."""
    groups: dict[tuple[str, str, str], list[tuple[Finding, Message]]] = {}
    for finding in findings:
        message = explain(finding, form, lang)
        groups.setdefault((finding.code, finding.place.sheet, message.fix), []).append(
            (finding, message)
        )
    for (code, sheet, fix), group in groups.items():
        first, message = group[0]
        cells = cell_ranges(finding.place.cell for finding, _ in group)
        what = f"{message.what} {say(lang, 'more', count=len(group) - 1) if group[1:] else ''}"
        where = say(lang, "what.cells", sheet=sheet, cells=cells) if sheet else ""
        yield _problem(
            "register",
            f"{file}/{code}/{sheet}!{first.place.cell}",
            say(lang, "name.register") if file == REGISTER_FILE else file,
            f"{where} {what}".strip(),
            fix,
            cell_link(file, first.place),
            lang,
            tone="bad" if first.is_error else "watch",
        )


def defect_matters(defects: Sequence[Defect], lang: str) -> Iterator[Matter]:
    """Yield a matter for each defect of the workspace."""
    for number, defect in enumerate(defects):
        if defect.error is None and defect.code not in _SEEN_TO:
            what = text("doctor", defect.code, lang, **defect.params)
            kind = "repairable" if defect.fix else "defect"
            yield _problem(
                kind,
                f"defect/{defect.code}/{number}",
                say(lang, "name.workspace"),
                what,
                say(lang, f"proposal.{kind}"),
                "",
                lang,
                tone="watch" if defect.is_note else "bad",
            )


def trouble(place: str, error: MlayError, lang: str, *, stops: bool = False) -> Matter:
    """Return the matter of something that went wrong; `place` is a ``name.…`` text.

    It `stops` the run if nothing is done before it is put right.
    """
    of_file = (str(error.params[name]) for name in ("file", "line", "name") if name in error.params)
    return _problem(
        "trouble",
        "/".join(("trouble", place, error.code, *of_file)),
        say(lang, f"name.{place}"),
        error_text(error, lang),
        say(lang, "proposal.stopped" if stops else "proposal.trouble"),
        "",
        lang,
    )


def _problem(
    kind: str,
    subject: str,
    name: str,
    what: str,
    proposal: str,
    link: str,
    lang: str,
    tone: str = "bad",
) -> Matter:
    values = {
        "branch": name,
        "what": what,
        "proposal": proposal,
        "view": say(lang, "view") if link else None,
    }
    return Matter(kind, subject, "", values, link, tone)
