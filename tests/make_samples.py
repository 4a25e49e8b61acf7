"""Makes the files of `samples/` anew: ``python tests/make_samples.py``. Needs LibreOffice.

To be run when a form has changed so much that the kept files no longer show it. The file with a
password (``samples/bad/co-mat-khau R04.xlsx``, its password is "mlay") was made by hand and stays.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from builders import libreoffice
from builders.bad_returns import bad_returns

from mlay_batch import demo
from mlay_batch.schema.catalogue import shipped_folder

SAVED_AS = {"CB-20": "xls", "DB5-CB02": "ods"}


def main() -> None:
    town, samples = demo.load_sample(), shipped_folder("samples")
    catalogue = town.catalogue
    (samples / "register.xlsx").write_bytes(demo.render_register(catalogue, town))
    for sample in demo.returns(town, catalogue):
        folder = samples / str(sample.period)
        if sample.branch in town.data["kept"]["good"].get(str(sample.period), ()):
            folder.mkdir(exist_ok=True)
            keep(folder / sample.name, demo.render_return(sample, catalogue, town), sample.branch)
    for name, data in bad_returns(town, catalogue):
        (samples / "bad" / name).write_bytes(data)


def keep(path: Path, data: bytes, branch: str) -> None:
    if branch not in SAVED_AS:
        path.write_bytes(data)
        return
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / path.name
        source.write_bytes(data)
        libreoffice.convert(source, SAVED_AS[branch], path.parent)


if __name__ == "__main__":
    main()
    libreoffice.stop()
