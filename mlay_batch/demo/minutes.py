"""What the minutes of the sample town's meetings say."""

from __future__ import annotations

from mlay_batch.demo.months import Sitting
from mlay_batch.demo.town import Dice, Town
from mlay_batch.period import Period
from mlay_batch.schema.ids import BOTH


def content(town: Town, branch: str, month: Period, sitting: Sitting) -> str:
    """Return what a sitting dealt with: old or foreign words where a cell is in that habit."""
    known = town.habits(branch, month)
    theme = f"Sinh hoạt chuyên đề: {topic(town, branch, month)}"
    dice = town.dice("content", branch, month)
    if sitting.kind == "thematic":
        return f"{theme}; {dice.one_of(town.data['phrases']['decision'])}."
    if "same_text" in known:
        month = Period.parse(known["same_text"]["from"])
    if "copies" in known:
        branch = known["copies"]["of"]
    return _regular(town, branch, month) + (f" {theme}." if sitting.kind == BOTH else "")


def _regular(town: Town, branch: str, month: Period) -> str:
    words, dice = town.data["phrases"], town.dice("content", branch, month)
    work = words["work"][town.data["cells"][branch]["kind"]]
    parts = [
        dice.one_of(words["opening"]),
        *(_piece(dice, words["verb"], matter, work["detail"])
          for matter in dice.shuffled(work["matter"])[:2]),
        words["month"][month.month],
        dice.one_of(words["decision"]),
    ]  # fmt: skip
    return "; ".join(parts) + "."


def _piece(dice: Dice, verbs: list[str], matter: str, details: list[str]) -> str:
    detail = dice.one_of(details).format(n=2 + dice.below(28))
    return f"{dice.one_of(verbs)} {matter}, {detail}"


def topic(town: Town, branch: str, month: Period) -> str:
    """Return the topic of the thematic meeting of that month; words without one by habit."""
    if "bare_topic" in town.habits(branch, month):
        return "Sinh hoạt chuyên đề quý " + ("I", "II", "III", "IV")[(month.month - 1) // 3]
    return str(town.dice("topic", branch, month).one_of(town.data["phrases"]["topic"]))
