"""The formulas of computed cells, with which a form shows what it will be reckoned as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from openpyxl.utils import get_column_letter

from mlay_batch.schema.layout import CODE_SEPARATOR, CellPlan
from mlay_batch.schema.model import Computed, Section, Text

Bands = Mapping[str, Sequence[tuple[float, Text]]]
"""Least points and title of each band, from the lowest, by id of the scheme."""


def cell_formula(
    computed: Computed, section: Section, cells: Mapping[str, CellPlan], bands: Bands, lang: str
) -> str:
    """Return the formula of a computed cell; `cells` are those of its record by field.

    It shows nothing while a value is missing that no default stands for.
    """
    if computed.band:
        points = _address(cells[str(computed.of)])
        limits = bands.get(computed.band, ())
        if not limits:
            return '=""'
        numbers = ",".join(f"{least:g}" for least, _ in limits)
        titles = ",".join(f'"{title.of(lang)}"' for _, title in limits)
        return f'=IF(COUNT({points})=0,"",LOOKUP({points},{{{numbers}}},{{{titles}}}))'
    plus = [_address(cells[name]) for name in computed.sum if name in cells]
    minus = [_address(cells[name]) for name in computed.less if name in cells]
    needed = [
        _address(cells[name])
        for name in (*computed.sum, *computed.less)
        if name in cells and section.field(name).default is None
    ]
    total = f"SUM({','.join(plus)})" + (f"-SUM({','.join(minus)})" if minus else "")
    return f'=IF(COUNT({",".join(needed)})={len(needed)},{total},"")' if needed else f"={total}"


def name_formula(code_cell: CellPlan, codes: str, names: str) -> str:
    """Return the formula that looks up the name of a code, which may be followed by a name."""
    code = _address(code_cell)
    code = f'LEFT({code},FIND("{CODE_SEPARATOR}",{code}&"{CODE_SEPARATOR}")-1)'
    return f'=IFERROR(INDEX({names},MATCH({code},{codes},0))&"","")'


def _address(cell: CellPlan) -> str:
    return f"{get_column_letter(cell.column)}{cell.row}"
