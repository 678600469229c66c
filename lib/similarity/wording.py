"""What was measured, and how, in sentences."""

from __future__ import annotations

from collections.abc import Callable

from lib.similarity.calibration import Background
from lib.similarity.measure import PairScores


def how_measured(pair: PairScores, written: Callable[[str], str] = str) -> str:
    """Which highlights were compared with which passages, and whether exactly.

    `written`: how a name from the database is to be written, where the sentence is markup.
    """
    looked_at, total = len(pair.highlight_ids), pair.highlights_total
    sampled = looked_at + pair.zero < total
    heard = f"A sample of {looked_at:,} of {total:,}" if sampled else f"All {looked_at:,}"
    heard = "The only highlight" if total == 1 else f"{heard} highlights"
    passages = _counted(pair.passages_total, "passage")
    sentence = {
        "exact": f"{heard} against all {passages}: every pair was compared, exactly.",
        "index": f"{heard}, each looked up among {passages} by the vector index "
        f"{written(str(pair.index))}. Such an index is fast and approximate: it may miss a "
        "nearest passage, so true scores are these or a little higher.",
        "sample": f"{heard} against {pair.passages_compared:,} of {passages}, drawn at "
        "random: every pair of these was compared. The nearest of all passages score higher than "
        "the nearest of a sample, so these scores are a lower bound.",
    }[pair.way]
    if pair.zero:
        verb = "vector is" if pair.zero == 1 else "vectors are"
        sentence += f" {pair.zero:,} left out because the {verb} zero."
    return sentence


def how_drawn(background: Background) -> str:
    """What the random pairs are."""
    left_out = (
        " Pairs within a highlight's own book are left out, as they may belong together."
        if background.left_out
        else ""
    )
    return (
        f"Random pairs: {_counted(background.highlights, 'highlight')} × "
        f"{_counted(background.passages, 'passage')}, "
        f"drawn at random (seed {background.seed}), {len(background.scores):,} scores.{left_out}"
    )


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
