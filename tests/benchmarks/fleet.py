"""Any number of good returns of one month, made the same way on every machine."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlay_batch import demo
from mlay_batch.app.workspace import Workspace
from mlay_batch.core.period import Period
from mlay_batch.demo.sample import SampleOffice
from mlay_batch.demo.sample_files import FormFiller, render_register
from mlay_batch.demo.sample_meetings import meeting_returns
from mlay_batch.schema import load_catalogue

MONTH = Period(2019, 11)
RECEIVED = "2019-12-05T10:00:00+07:00"
AS_OF = "2019-12-06"
_EVENTS = ("transfers", "odd_visits", "missing", "no_meeting", "late", "waivers", "work")


def build(folder: Path, count: int) -> Path:
    """Make a workspace in `folder` with `count` returns of one month in its inbox; return it.

    The cells are those of the sample town over and over, under codes of their own; its officers
    are assigned to the first ones, so that every form carries the same list of officers.
    """
    town = _fleet(demo.load_sample(), count)
    catalogue = load_catalogue()
    workspace = Workspace.create(folder)
    workspace.register.write_bytes(render_register(catalogue, town))
    typist = FormFiller(catalogue, town)
    for sample in meeting_returns(town, catalogue):
        (workspace.inbox / f"{sample.branch}.xlsx").write_bytes(typist.fill_in(sample))
    return folder


def _fleet(sample: SampleOffice, count: int) -> SampleOffice:
    data, top = sample.data, sample.data["organisations"][0]
    alive = [cell for cell in sample.cells if cell.is_active(MONTH)]
    likes = list(itertools.islice(itertools.cycle(alive), count))
    cells = {f"CB-{number:05d}": like for number, like in enumerate(likes, 1)}
    home, duties = next(iter(cells)), zip(data["assignments"], cells, strict=False)
    parts: dict[str, Any] = {
        "first": str(MONTH),
        "last": str(MONTH),
        "organisations": [top, *(_cell(code, cells[code].name, top["code"]) for code in cells)],
        "addresses": [],
        "cells": {code: data["cells"][like.code] for code, like in cells.items()},
        "officers": [officer | {"own_cell": home} for officer in data["officers"]],
        "assignments": [duty | {"branch": code} for duty, code in duties],
    }
    return replace(sample, data={**data, **{key: [] for key in _EVENTS}, **parts})


def _cell(code: str, name: str, parent: str) -> dict[str, str]:
    return {"code": code, "name": f"{name} {code[3:]}", "type": "cell_direct", "parent": parent}
