"""The whole sample town, once from its files to its workbook, and every figure twice.

Criterion: the quota and rating figures agree with an independent calculation over all returns, a
recalculation by LibreOffice changes nothing, and the published means of 2016-2018 come out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import independent
import office
import pytest
from openpyxl import load_workbook
from openpyxl.cell import Cell

from mlay_batch.figures import compute
from mlay_batch.figures.records import Facts, Figures
from mlay_batch.ledger import Ledger
from mlay_batch.pipeline.consolidate import Consolidated, consolidate
from mlay_batch.pipeline.demo import AS_OF, PERIOD, build, take_in
from mlay_batch.pipeline.facts import gather
from mlay_batch.pipeline.ingest import Ingested, silent
from mlay_batch.records import Verdict


@dataclass(frozen=True)
class Year:
    """The sample town with everything taken in up to 2019-11."""

    taken: tuple[Ingested, ...]
    facts: Facts
    figures: Figures
    book: Consolidated
    folder: Path


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    folder = tmp_path_factory.mktemp("town")
    built = build(folder / "demo", silent)
    taken = tuple(take_in(built, "test"))
    book = consolidate(built.town, PERIOD, as_of=AS_OF, holder="test")
    with Ledger.open(built.town.workspace.ledger, read_only=True) as ledger:
        facts = gather(built.town, ledger, PERIOD, AS_OF)
    return Year(taken, facts, compute(facts), book, folder)


def test_every_file_got_one_verdict(year: Year) -> None:
    received = sum(len(parcel.decisions) for parcel in year.taken)
    counted = sum((Counter(parcel.counts) for parcel in year.taken), Counter())
    assert received == counted.total() == len(year.facts.deliveries)
    assert counted[Verdict.ACCEPTED] == len(year.facts.returns)
    assert {v for v, n in counted.items() if n} == {
        Verdict.ACCEPTED,
        Verdict.REJECTED,
        Verdict.DUPLICATE,
    }


def test_the_figures_agree_with_an_independent_calculation(year: Year) -> None:
    shown, counted = independent.shown(year.figures), independent.recompute(year.facts)
    assert len(counted["quota"]) >= 15
    for part in counted:
        assert shown[part] == counted[part], part


def test_the_published_means_of_2016_to_2018(year: Year) -> None:
    mean = year.figures.mean
    assert mean is not None
    assert (mean.first, mean.last) == (2016, 2018)
    assert mean.shares["cells", "top"] > 90
    assert mean.shares["cells", "bottom"] == 0
    assert f"{mean.shares['members', 'completed']:.1f}" == "99.6"
    assert f"{mean.shares['members', 'bottom']:.2f}" == "0.28"


def test_every_state_of_a_quota_is_to_be_seen(year: Year) -> None:
    states = {line.state for line in year.figures.quota}
    assert states == {"met", "on_course", "behind", "out_of_reach"}


@pytest.mark.libreoffice
def test_libreoffice_recalculates_the_workbook_to_the_same_figures(year: Year) -> None:
    again = office.convert(year.book.path, "xlsx", year.folder / "again", recalculate=True)
    before, after = (load_workbook(path, data_only=True) for path in (year.book.path, again))
    figures = 0
    for sheet in before:
        for row in sheet.iter_rows():
            for cell in row:
                value, other = cell.value, after[sheet.title][cell.coordinate].value
                where = f"{sheet.title}!{cell.coordinate}"
                if isinstance(value, int | float) and not isinstance(value, bool):
                    assert other == pytest.approx(value, rel=1e-12), where
                    figures += 1
                else:
                    assert (other or None) == (value or None), where
    assert figures > 1000


def test_the_row_of_the_mean_shows_the_published_figures(year: Year) -> None:
    sheet = load_workbook(year.book.path, data_only=True)["Xếp loại năm"]
    rows = [
        [cell for cell in row if isinstance(cell.value, int | float)]
        for row in sheet.iter_rows()
        if any(cell.value == "Bình quân 2016–2018" for cell in row)
    ]
    (top, _, bottom, _), (completed, _, violating, _) = rows
    assert (top.value > 90, as_printed(bottom)) == (True, "0")
    assert (as_printed(completed), as_printed(violating)) == ("99.6 %", "0.28 %")


def as_printed(cell: Cell) -> str:
    """Return a share as its number format shows it: ``0.0" %";…;0`` prints a zero bare."""
    places = cell.number_format.partition(";")[0].partition(".")[2].count("0")
    return f"{cell.value:.{places}f} %" if cell.value else "0"
