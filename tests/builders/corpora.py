"""The sample town as an office that checks any number of foreign files, a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

from builders.workbook_mutants import Original, unpack
from mlay_batch import demo
from mlay_batch.app.ingest import check_files
from mlay_batch.app.office import Office
from mlay_batch.app.settings import Settings
from mlay_batch.app.workspace import Workspace
from mlay_batch.checks.verdict import decide
from mlay_batch.model.records import CheckedFile, Decision, IncomingFile, LedgerSnapshot
from mlay_batch.model.register import Address
from mlay_batch.schema import load_catalogue
from mlay_batch.schema.catalogue import shipped_folder

AS_OF = date(2019, 12, 6)
RECEIVED = "2019-12-04T10:00:00+07:00"
REGISTERED = "cb01@town.example"
SECONDS = 90  # a file that takes longer is a hang, even on a busy machine


@cache
def corpus_office() -> Office:
    sample = demo.load_sample()
    settings = Settings(limits={"seconds": SECONDS})
    office = Address(sample.register.root().code, REGISTERED)
    register = replace(sample.register, addresses=(*sample.register.addresses, office))
    return Office(Workspace(Path(), settings), load_catalogue(), register, "")


@cache
def originals() -> tuple[Original, ...]:
    """The good returns of November, each with what stands in it."""
    paths = sorted((shipped_folder("samples") / "2019-11").iterdir())
    good = []
    for checked in check_leaves([incoming_file(path.name, path.read_bytes()) for path in paths]):
        data, submission = checked.file.data, checked.submission
        assert submission and checked.identity and checked.findings == ()
        parts = unpack(data) if checked.file.name.endswith(".xlsx") else {}
        good.append(Original(checked.file.name, data, parts, submission, checked.identity.form))
    return tuple(good)


def incoming_file(name: str, data: bytes) -> IncomingFile:
    return IncomingFile(name, data, name, RECEIVED)


def check_leaves(leaves: Sequence[IncomingFile]) -> tuple[CheckedFile, ...]:
    """Read them in guarded children, several files a child, and look at them all at once."""
    content = {leaf.sha256: leaf.data for leaf in leaves}
    workbooks = [leaf for leaf in leaves if not leaf.skip_reason]
    checked = check_files(corpus_office(), workbooks, content.__getitem__, AS_OF)
    return tuple(CheckedFile(leaf) if leaf.skip_reason else next(checked) for leaf in leaves)


def decide_files(leaves: Sequence[IncomingFile]) -> tuple[Decision, ...]:
    return decide(check_leaves(leaves), LedgerSnapshot())
