"""The fallback for highlights that no window finds: controls, rates, and two methods compared."""

from __future__ import annotations

from typing import Literal

import pandas as pd
import streamlit as st

from lib import charts
from lib.matching import fallback
from lib.matching.fallback import DEFAULT_OPERATOR, OPERATORS, Fallen, Method, Operator
from lib.matching.fallback.agreement import agree, count_outcomes
from lib.matching.fallback.limits import FULL_WORDS
from lib.matching.statistics import wilson
from lib.ui.asking import Counted, ask, derive
from lib.ui.cards import chart
from lib.ui.drawings import finished
from lib.ui.matched import Matched
from lib.ui.tables import table as show_table

Choice = Literal["none", "alignment", "pg_trgm", "both"]
CHOICES: tuple[Choice, ...] = ("none", "alignment", "pg_trgm", "both")

# Each distance has a scale of its own, and so a slider and a place in the address.
SLIDERS: dict[Operator, str] = {
    "<<->": "distance-words",
    "<->": "distance-whole",
    "<<<->": "distance-strict",
}
HELP = (
    "alignment compares with the joined text of whole books, in the app. pg_trgm asks the database "
    "for the passage that shares the most groups of three letters. both: side by side."
)
OPERATOR_HELP = (
    "What pg_trgm compares the highlight with. `<->`: the whole passage. `<<->`: its best stretch. "
    "`<<<->`: its best stretch of whole words."
)


def choose_fallback(matched: Matched) -> tuple[Fallen | None, float]:
    """Controls and results; returns what the rest of the page goes by, and its threshold."""
    unmatched = tuple(matched.study.unmatched)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        choice: Choice = st.segmented_control(
            "Method",
            CHOICES,
            default="none",
            required=True,
            key="fallback",
            bind="query-params",
            help=HELP,
        )
        operator = DEFAULT_OPERATOR
        threshold = fallback.default_threshold("alignment")
        if choice in {"alignment", "both"}:
            threshold = _slider("Largest distance, alignment", threshold, "distance")
        if choice in {"pg_trgm", "both"}:
            # A box, not buttons: their labels are Markdown, in which <-> is an arrow.
            operator = st.selectbox(
                "Operator",
                OPERATORS,
                OPERATORS.index(DEFAULT_OPERATOR),
                key="operator",
                bind="query-params",
                help=OPERATOR_HELP,
                width=130,
            )
        trigram_threshold = fallback.default_threshold("pg_trgm", operator)
        if choice in {"pg_trgm", "both"}:
            trigram_threshold = _slider(
                "Largest distance, pg_trgm", trigram_threshold, SLIDERS[operator]
            )
    if choice == "none" or not unmatched:
        st.markdown(f"{len(unmatched):,} highlights have windows of which none hits.")
        return None, 0.0
    fallen: dict[Method, tuple[Fallen, float]] = {}
    if choice in {"alignment", "both"}:
        fallen["alignment"] = (_find(matched, unmatched, "alignment", operator), threshold)
    if choice in {"pg_trgm", "both"}:
        fallen["pg_trgm"] = (_find(matched, unmatched, "pg_trgm", operator), trigram_threshold)
    _show_rates(matched, fallen)
    if choice == "both":
        _show_agreement(matched, fallen)
    else:
        found, largest = next(iter(fallen.values()))
        places = found.places.drop(columns="highlight")
        near = found.places.index.isin(found.accepted(largest).index)
        chart(
            finished(charts.distances, places.assign(accepted=near)),
            places.assign(accepted=near),
            "Bars of how many highlights are at which distance from their nearest passage.",
            "fallback",
        )
    return next(iter(fallen.values()))


def _slider(label: str, default: float, key: str) -> float:
    return float(
        st.slider(
            label,
            0.05,
            0.95,
            default,
            0.01,
            key=key,
            bind="query-params",
            help="The default is right 99 times in 100 on real transcripts whose place is known. "
            f"Highlights of fewer than {FULL_WORDS} words must be nearer, in proportion.",
        )
    )


def _find(
    matched: Matched, unmatched: tuple[int, ...], method: Method, operator: Operator
) -> Fallen:
    counted = (
        Counted("on_count", "alignment, passages compared", matched.passages, "fallback")
        if method == "alignment"
        else Counted("on_count", "pg_trgm, highlights compared", len(unmatched), "fallback")
    )
    return ask(
        fallback.find_places,
        matched.scan.highlights,
        unmatched,
        method,
        matched.scope,
        operator,
        key=(*matched.key, method, operator if method == "pg_trgm" else None),
        counted=counted,
    )


def _show_rates(matched: Matched, fallen: dict[Method, tuple[Fallen, float]]) -> None:
    """One row for each method: what it accepts, what that makes in all, and what it took."""
    study = matched.study
    rows = []
    for method, (found, threshold) in fallen.items():
        accepted = len(found.accepted(threshold))
        total = int(study.matched.sum()) + accepted
        low, high = wilson(total, study.eligible) or (0.0, 1.0)
        name = f"{method} `{found.operator}`" if found.operator else method
        rows.append(
            (
                name.replace("`", ""),
                accepted,
                len(found.places),
                total / study.eligible,
                f"{low:.1%} to {high:.1%}",
                found.seconds,
            )
        )
        st.markdown(
            f"**{accepted:,} of {len(found.places):,}** are accepted by {name}, which makes "
            f"**{total / study.eligible:.1%}** matched in all ({low:.1%} to {high:.1%})."
        )
        if "candidates" in found.places and matched.scope == "library":
            st.caption(
                "In all books, pg_trgm compares only with passages that hold one of a highlight's "
                f"rarest words, {found.places['candidates'].median():,.0f} of them for a typical "
                "highlight."
            )
    table = pd.DataFrame(
        rows, columns=["method", "accepted", "attempted", "total", "interval", "seconds"]
    )
    if len(table) > 1:
        show_table(
            table,
            "Methods with accepted highlights, match rate in all and seconds",
            column_config={
                "method": "Method",
                "accepted": st.column_config.NumberColumn("Accepted", format="localized"),
                "attempted": st.column_config.NumberColumn("of", format="localized"),
                "total": st.column_config.NumberColumn("Matched in all", format="percent"),
                "interval": "95% interval",
                "seconds": st.column_config.NumberColumn("Seconds", format="%.1f"),
            },
        )
    else:
        st.caption(f"It took {table['seconds'].iat[0]:.1f} s.")


def _show_agreement(matched: Matched, fallen: dict[Method, tuple[Fallen, float]]) -> None:
    """Whether both methods accept the same highlights, in the same places."""
    alignment, threshold = fallen["alignment"]
    trigrams, trigram_threshold = fallen["pg_trgm"]
    table = derive(
        agree,
        (*matched.key, trigrams.operator, threshold, trigram_threshold),
        alignment,
        trigrams,
        threshold,
        trigram_threshold,
        matched.scan.passages,
    )
    counts = count_outcomes(table)
    accepted = counts["same place"] + counts["different places"]
    share = f" ({counts['same place'] / accepted:.1%})" if accepted else ""
    st.markdown(
        f"Both accept **{accepted:,}** highlights, {counts['same place']:,} of them in the same "
        f"place{share}. Only alignment accepts {counts['only alignment']:,}, only pg_trgm "
        f"{counts['only pg_trgm']:,}, neither {counts['neither']:,}."
    )
    chart(
        finished(charts.agreement, table, threshold, trigram_threshold),
        table.drop(columns="highlight"),
        "Points of the distances by both methods, coloured by whether the methods agree.",
        "agreement",
    )
