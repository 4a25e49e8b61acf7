"""What the minutes of the sample town's meetings say."""

from __future__ import annotations

from mlay_batch.core.period import Period
from mlay_batch.demo.movements import SampleSitting
from mlay_batch.demo.sample_town import SampleTown, SeededRandom
from mlay_batch.schema.ids import MIXED_KIND


def content(town: SampleTown, branch: str, month: Period, sitting: SampleSitting) -> str:
    """Return what a sitting dealt with: old or foreign words where a cell is in that habit."""
    habits = town.habits(branch, month)
    theme = f"Sinh hoạt chuyên đề: {topic(town, branch, month)}"
    rng = town.rng("content", branch, month)
    if sitting.kind == "thematic":
        return f"{theme}; {rng.one_of(town.data['phrases']['decision'])}."
    if "same_text" in habits:
        month = Period.parse(habits["same_text"]["from"])
    if "copies" in habits:
        branch = habits["copies"]["of"]
    return _regular(town, branch, month) + (f" {theme}." if sitting.kind == MIXED_KIND else "")


def _regular(town: SampleTown, branch: str, month: Period) -> str:
    words, rng = town.data["phrases"], town.rng("content", branch, month)
    work = words["work"][town.data["cells"][branch]["kind"]]
    parts = [
        rng.one_of(words["opening"]),
        *(
            _piece(rng, words["verb"], matter, work["detail"])
            for matter in rng.shuffle(work["matter"])[:2]
        ),
        words["month"][month.month],
        rng.one_of(words["decision"]),
    ]
    return "; ".join(parts) + "."


def _piece(rng: SeededRandom, verbs: list[str], matter: str, details: list[str]) -> str:
    detail = rng.one_of(details).format(n=2 + rng.below(28))
    return f"{rng.one_of(verbs)} {matter}, {detail}"


def topic(town: SampleTown, branch: str, month: Period) -> str:
    """Return the topic of the thematic meeting of that month; words without one by habit."""
    if "bare_topic" in town.habits(branch, month):
        return "Sinh hoạt chuyên đề quý " + ("I", "II", "III", "IV")[(month.month - 1) // 3]
    return str(town.rng("topic", branch, month).one_of(town.data["phrases"]["topic"]))
