"""Reads hostile workbooks into a `Submission`: typed rows that know their cell, and findings.

    preflight   the package: refuses bombs, passwords, odd structures before any parser runs
    xlsx xlsx_parts xlsx_formats ods xls xls_runs text_runs
                cell metadata that calamine does not give: formulas, errors, notes, fonts, hidden,
                merged, struck-out and unseen cells, what lies over them, header and footer
    cell_metadata grid   limits and metadata; python-calamine's values with the metadata applied
    form_stamp  the hidden stamp, which names the form; the template's texts where it is lost
    section_finder locate labels   where each section is, by markers or by headings
    values cells   raw cells to typed rows
    legacy_encodings   texts typed in TCVN3 or VNI, never converted without asking
    unexpected_cells   cells, notes, drawings, headers and footers outside of all fields
    workbook    all of this for one file
    worker_pool the same in child processes with limits
    dask_backend   such children on other machines, over Dask (an extra)

Codes: R.. the file or a section cannot be read, C.. one cell. Everything typed is read or reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from mlay_batch.model.records import Submission
from mlay_batch.reader.cell_metadata import Limits
from mlay_batch.reader.worker_pool import LastingWorkers, read_all, read_each
from mlay_batch.schema.model import Form

__all__ = [
    "LastingWorkers",
    "Limits",
    "Reading",
    "read",
    "read_all",
    "read_each",
]


class Reading(Protocol):
    """Reads files: `read_each`, or the same on a cluster."""

    def __call__(
        self,
        files: Iterable[tuple[str, bytes]],
        forms: Sequence[Form],
        limits: Limits,
        *,
        progress: Callable[[int], None],
    ) -> Iterator[Submission]:
        """Yield the submission of each file, in their order."""


def read(
    data: bytes,
    name: str,  # noqa: ARG001 - the same call as `read_all`; the caller adds it to the findings
    forms: Sequence[Form],
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Submission:
    """Read one file in this process, without limits on time and memory.

    A file that cannot be read is a submission without a form, with one finding.
    """
    from mlay_batch.reader.workbook import Reader  # start-up: the workers read

    return Reader(forms, limits).read(data)
