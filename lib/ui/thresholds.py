"""The threshold explorer: distributions, what a threshold lets pass, and the pairs behind it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib import charts
from lib.markup import name
from lib.names import readable
from lib.similarity import pairs, thresholds
from lib.similarity.distributions import ordinal
from lib.similarity.thresholds import Passing
from lib.similarity.wording import how_drawn, how_measured
from lib.ui.asking import ask
from lib.ui.cards import card, download, escape, nothing
from lib.ui.drawings import finished
from lib.ui.login import fragment
from lib.ui.scored import Scored
from lib.ui.tables import table as show_table

Range = tuple[float, float]

# Four lines of text in a row of the table.
ROW_HEIGHT = 80
SHOWN = (
    "highlight",
    "heard",
    "written",
    "score",
    "percentile",
    "chance",
    "book",
    "own_book",
    "rank",
)
NEAREST_ONLY, ALL_NEAREST = "nearest passages", "all k nearest"


@fragment
def explore_scores(scored: Scored, summary: pd.DataFrame) -> None:
    """Chart, threshold and pairs; none of the controls measures anything anew.

    `summary` as of `lib.similarity.distributions.describe_pair`.
    """
    low, high = thresholds.slider_range(scored.pair.scores, scored.pair.background)
    with card(
        "Nearest passages against random pairs",
        "Where the curves overlap, a score does not tell a true passage from a chance one. Drag "
        "across the chart to list the pairs that score in between.",
    ):
        drawing = st.container()
        suggested = thresholds.suggested(scored.pair.background, scored.pair.passages_total)
        threshold = st.slider(
            "Threshold: accept a passage that scores at least",
            low,
            high,
            min(max(suggested, low), high),
            thresholds.STEP,
            format="%.3f",
            key=f"threshold-{scored.name}",
            bind="query-params",
            help="At first it stands where chance alone is expected to give one passage a search, "
            "if random pairs ever get so rare.",
        )
        found = thresholds.passing(
            scored.pair.scores,
            scored.pair.background,
            scored.pair.passages_total,
            scored.k,
            threshold,
        )
        _show_passing(found, summary, scored.k)
        st.caption(f"{how_measured(scored.pair, escape)} {how_drawn(scored.pair.background)}")
    with card("Pairs behind the scores"):
        controls = st.container(horizontal=True, vertical_alignment="bottom")
        with controls:
            chosen, depth = _choose(scored, low, high)
        with drawing:
            _draw(scored, threshold, chosen, (low, high))
        _list(scored, threshold, chosen, depth)


def _draw(scored: Scored, threshold: float, chosen: Range | None, ends: Range) -> None:
    """The chart; a brush over it moves the slider of the pairs that are listed."""
    drawn = scored.drawn()
    chart = f"chart-scores-{scored.name}-{scored.shape}"
    count = f"drawn-{chart}"
    key = f"{chart}-{st.session_state.get(count, 0)}"
    if _brushed(key, ends) not in (None, chosen):
        # The range was changed elsewhere: a new chart has no brush.
        st.session_state[count] = st.session_state.get(count, 0) + 1
        key = f"{chart}-{st.session_state[count]}"

    def take() -> None:
        st.session_state[_range_key(scored)] = _brushed(key, ends) or ends

    st.vega_lite_chart(
        finished(
            charts.distributions,
            drawn,
            scored.pair.passage_model,
            scored.models,
            scored.shape,
            threshold,
            chosen,
        ),
        width="stretch",
        alt=f"Distributions of cosine similarity under {readable(scored.pair.passage_model)}: "
        f"nearest passage, {ordinal(scored.k)} nearest passage, and random pairs, with the "
        "threshold.",
        key=key,
        on_select=take,
        selection_mode=charts.BRUSH,
    )
    download(drawn, "scores")


def _brushed(key: str, ends: Range) -> Range | None:
    """The range under the brush of a chart, as the slider has it; None where there is none."""
    if key not in st.session_state:
        return None
    brush = st.session_state[key].selection.get(charts.BRUSH) or {}
    if not brush:
        return None
    low, high = next(iter(brush.values()))
    return max(ends[0], round(min(low, high), 3)), min(ends[1], round(max(low, high), 3))


def _show_passing(found: Passing, summary: pd.DataFrame, k: int) -> None:
    nearest = summary.iloc[0]
    interval = (
        f"95% interval {nearest['low']:.4f} to {nearest['high']:.4f}."
        if pd.notna(nearest["low"])
        else "One highlight alone has no interval."
    )
    passed = found.nearest_ci95
    with st.grid(3, min_column_width=190):
        st.metric(
            "Nearest passages that pass",
            _share(found.nearest),
            help=f"Of {found.highlights:,} highlights"
            + (f"; 95% interval {_share(passed[0])} to {_share(passed[1])}." if passed else "."),
        )
        st.metric(f"{ordinal(k)} nearest that pass", _share(found.kth))
        st.metric("Random pairs that pass", _share(found.random))
        st.metric(
            "By chance, per search",
            found.words,
            help="Unrelated passages expected to pass in one search of this library, or, where "
            f"that is less than one, in how many searches there is one (E = {found.expected:,.2g}"
            f"{' at most: no random pair passes' if found.at_floor else ''}).",
        )
        st.metric(
            "Separation (AUC)",
            f"{nearest['separation']:.4f}",
            help="The chance that a nearest score beats that of a random pair: .5 is no better "
            f"than a coin, 1 is perfect. {interval} A nearest passage is the best of many and "
            "beats random pairs even where none is right: this is no evidence that labels are.",
        )
        st.metric(
            "Overlap",
            _share(nearest["overlap"]),
            help="The area under both densities at once, of nearest passages and random pairs.",
        )


def _share(share: float | None) -> str:
    if share is None:
        return "–"
    percent = 100 * share
    return f"{percent:.1f}%" if percent >= 1 or percent == 0 else f"{percent:.2g}%"


def _range_key(scored: Scored) -> str:
    return f"between-{scored.name}"


def _choose(scored: Scored, low: float, high: float) -> tuple[Range | None, int]:
    """The scores whose pairs are listed, None for all, and how many passages of a highlight."""
    which = st.segmented_control(
        "Pairs of",
        (NEAREST_ONLY, ALL_NEAREST),
        default=NEAREST_ONLY,
        required=True,
        key="pairs",
        bind="query-params",
    )
    chosen: Range = st.slider(
        "Scores of the pairs",
        low,
        high,
        (low, high),
        0.001,
        format="%.3f",
        key=_range_key(scored),
        bind="query-params",
        help="Or drag across the chart. The whole range lists the pairs nearest to the threshold.",
        width=420,
    )
    depth = 1 if which == NEAREST_ONLY else scored.k
    return (None if chosen == (low, high) else chosen), depth


def _list(scored: Scored, threshold: float, chosen: Range | None, depth: int) -> None:
    """The pairs in the range, or the least certain ones, with their texts."""
    pair = scored.pair
    if chosen is None:
        listed = pairs.uncertain(pair.scores, threshold, depth)
    else:
        listed = pairs.between(pair.scores, *chosen, depth)
    count, total = len(listed.rows), listed.total
    if not count:
        nothing("No pair scores like that.", "Choose a wider range of scores.")
        return
    first = f"The first {count:,} of {total:,}" if count < total else f"All {count:,}"
    if chosen is None:
        st.caption(
            f"{first} pairs by how near they are to the threshold of {threshold:.3f}, on either "
            "side: the least certain ones."
        )
    else:
        st.caption(
            f"{first} pairs from {chosen[0]:.3f} to {chosen[1]:.3f}, the highest scores first."
        )
    table = ask(
        pairs.read_pairs,
        [pair.highlight_ids[row] for row in listed.rows],
        pair.passages[listed.rows, listed.ranks].tolist(),
        pair.scores[listed.rows, listed.ranks],
        listed.ranks,
        pair.background,
        pair.passages_total,
        scored.titles,
        key=(*scored.key, threshold if chosen is None else chosen, depth),
    )
    show_table(
        table,
        "Pairs of a highlight and a passage with score, percentile, chance and book",
        "pairs",
        height=min(420, 40 + ROW_HEIGHT * count),
        row_height=ROW_HEIGHT,
        column_order=SHOWN if depth > 1 else SHOWN[:-1],
        column_config={
            "highlight": st.column_config.TextColumn("Id", width="small"),
            "heard": st.column_config.TextColumn("Highlight", width=290),
            "written": st.column_config.TextColumn("Passage", width=290),
            "book": st.column_config.TextColumn("Book of the passage"),
            "own_book": st.column_config.TextColumn(
                "Its own", width="small", help="Is it the book that the highlight was heard in?"
            ),
            "rank": st.column_config.NumberColumn("Rank", width="small", help="1: the nearest."),
            "score": st.column_config.NumberColumn("Score", format="%.3f", width="small"),
            "percentile": st.column_config.NumberColumn(
                "Percentile",
                format="%.3f",
                width="small",
                help=f"Random pairs under {name(pair.passage_model)} that score lower, percent.",
            ),
            "chance": st.column_config.TextColumn(
                "By chance",
                help="Unrelated passages expected to score as high in one search, or in how many "
                "searches there is one. The download has the number, E.",
            ),
        },
    )
