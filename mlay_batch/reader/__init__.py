"""Hostile bytes to a `Submission`: typed rows that know their cell, and findings of form.

    preflight   what the package is; refuses bombs, passwords, odd structures before any parser
    ooxml odf biff   facts calamine does not tell: formulas, errors, comments, fonts, hidden and
                merged cells (`xlsx_parts`: those that stand in other parts of the package)
    grid        python-calamine's values with those facts laid over them
    stamp       which sheets are ours, which form they claim to be
    markers headings   where each section stands
    values cells   raw cells to typed rows
    legacy      texts typed in TCVN3 or VNI, never converted silently
    strays      what was typed where nobody reads, comments included
    unstamped   what the template wrote where the stamp that lists it is lost
    contents    a workbook cell by cell, to compare two of them
    guard       all of it in child processes that may die
    cluster     such children on other machines, over Dask, an extra (`dask_connection`: connecting)

Codes: R.. the file or a section cannot be read, C.. one cell. Nothing typed vanishes silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from mlay_batch.model.records import Submission
from mlay_batch.reader.cell_metadata import Limits
from mlay_batch.reader.workbook import UNCALCULATED, Reader, cell_texts
from mlay_batch.reader.worker_pool import read_all, read_each
from mlay_batch.schema.model import Form

__all__ = ["UNCALCULATED", "Limits", "Reading", "cell_texts", "read", "read_all", "read_each"]


class Reading(Protocol):
    """Who reads files: children of this process (`read_each`), or those of a cluster's workers."""

    def __call__(
        self,
        files: Iterable[tuple[str, bytes]],
        forms: Sequence[Form],
        limits: Limits,
        *,
        progress: Callable[[int], None],
    ) -> Iterator[Submission]:
        """Yield what was read from each file, in their order."""


def read(
    data: bytes,
    name: str,  # noqa: ARG001 - the same call as `read_all`; the caller puts it to the findings
    forms: Sequence[Form],
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Submission:
    """Read one file in this process, pre-flight included, but without a guard on time and memory.

    A file that cannot be read is a submission without a form, whose one finding says why.
    """
    return Reader(forms, limits).read(data)
