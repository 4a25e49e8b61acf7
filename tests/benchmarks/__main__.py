"""``python -m benchmarks``: everything in one run, ratios shown as a table and kept as JSON."""

from __future__ import annotations

import compileall
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

import mlay_batch
from benchmarks import bare_book, fleet, process
from benchmarks.process import Cost
from benchmarks.targets import targets

HERE = Path(__file__).parent
MONTH = ("--period", str(fleet.MONTH), "--as-of", fleet.AS_OF)
LATE = "CB-00001.xlsx", "CB-00002.xlsx"  # what comes when the month is almost done
_RECEIVED = ("--received", fleet.RECEIVED)


@click.command()
@click.option("--sizes", default="70,1000", help="How many returns, separated by commas.")
@click.option("--peer-up-to", default=1000, help="The largest size the peer (b) is asked to do.")
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Where to keep the figures."
)
def main(sizes: str, peer_up_to: int, json_path: Path | None) -> None:
    """Measure the floor (a), the peer (b) and mlay (c) over the same files."""
    workers = os.cpu_count() or 1
    costs: dict[str, Cost] = {}
    for source in (HERE, *mlay_batch.__path__):  # as an installation leaves them
        compileall.compile_dir(source, quiet=1)
    with tempfile.TemporaryDirectory() as folder:
        costs |= dict(start_up())
        for size in map(int, sizes.split(",")):
            home = fleet.build(Path(folder) / str(size), size)
            for name, cost in of_size(home, size, workers, size <= peer_up_to):
                costs[f"{size} {name}"] = cost
                click.echo(f"{size} {name}: {cost.wall:.2f} s", err=True)
            shutil.rmtree(home)
    if json_path:
        json_path.write_text(process.to_json(costs), encoding="utf-8")
    show(costs)


def start_up() -> Iterator[tuple[str, Cost]]:
    """Measure what is paid before any work: middle of five runs each."""
    commands = {
        "import click": ("-c", "import click"),
        "import pandera, xlsxwriter": ("-c", "import pandera.pandas, xlsxwriter"),
        "mlay --help": ("-m", "mlay_batch", "--help"),
    }
    for name, command in commands.items():
        yield name, process.median([process.python(*command) for _ in range(5)])


def of_size(home: Path, size: int, workers: int, peer: bool) -> Iterator[tuple[str, Cost]]:
    """Measure the three over one inbox, then what a clerk does again and again."""
    inbox = home / "inbox"
    yield "a floor", process.python("file", HERE / "floor.py", inbox, workers)
    if peer:
        yield "b peer", process.python("file", HERE / "peer.py", inbox, workers, home / "b.xlsx")
    late, later = ((inbox / name).rename(home / name) for name in LATE)
    yield "c mlay", mlay(home, "run", *MONTH, *_RECEIVED)
    yield "c status", process.median([mlay(home, "status", *MONTH) for _ in range(3)])
    again = [mlay(home, "run", *MONTH, *_RECEIVED) for _ in range(3)]
    yield "c nothing new", process.median(again)
    late.rename(inbox / late.name)
    yield "c one more", mlay(home, "run", *MONTH, *_RECEIVED)
    yield "c workbook", mlay(home, "consolidate", *MONTH, "--dry-run", "--anew")
    if peer:
        yield from worklist(home, later)
    cells, copy = home / "cells.json", home / "copy.xlsx"
    bare_book.take(next(home.glob("reports/*/tong-hop-*.xlsx")), cells)
    yield "bare XlsxWriter", process.python("file", HERE / "bare_book.py", "write", cells, copy)


def worklist(home: Path, late: Path) -> Iterator[tuple[str, Cost]]:
    """Measure the month by one double click: the first worklist, the same again, one more return.

    The first has the letters of all returns to write, and the forms that come with them.
    """
    month = "month", "--no-open", *MONTH, *_RECEIVED
    yield "c first worklist", mlay(home, *month)
    yield "c worklist again", process.median([mlay(home, *month) for _ in range(3)])
    late.rename(home / "inbox" / late.name)
    yield "c worklist, one more", mlay(home, *month)


def mlay(home: Path, *arguments: str) -> Cost:
    """Run a command of ours in the workspace `home`."""
    return process.python("-m", "mlay_batch", *arguments, cwd=home)


def show(costs: Mapping[str, Cost]) -> None:
    """Print the table: each figure, and what it is to the floor of its size."""
    table = Table("measured", *(f"{unit}" for unit in ("wall s", "cpu s", "parent MB", "of floor")))
    for name, cost in costs.items():
        floor = costs.get(f"{name.split()[0]} a floor")
        share = f"{cost.wall / floor.wall:.2f} ×" if floor else ""
        figures = (f"{cost.wall:.2f}", f"{cost.cpu:.2f}", f"{cost.parent_mb:.0f}", share)
        table.add_row(name, *figures)
    Console().print(table)
    Console().print(target_table(costs))


def target_table(costs: Mapping[str, Cost]) -> Table:
    """Return the targets, each with what was measured and what bare calls would give."""
    table = Table("target", "measured", "asked", "", "bare calls")
    for target in targets(costs):
        limit = f"{'≤' if target.upper else '≥'} {target.limit:.2f}"
        bare = f"{target.bare:.2f}" if target.bare else ""
        mark = "✓" if target.is_met else "✗"
        table.add_row(target.says, f"{target.measured:.2f}", limit, mark, bare)
    return table


if __name__ == "__main__":
    main()
