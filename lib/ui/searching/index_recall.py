"""How much the vector index misses, measured when somebody asks for it."""

from __future__ import annotations

import streamlit as st

from lib.markup import name
from lib.names import slug
from lib.search.recall import QUESTIONS, TOP_K, measure_recall
from lib.ui.asking import Counted, ask
from lib.ui.cards import card, nothing

ENOUGH = 0.95


def show_index_recall(model: str, embedded: int) -> None:
    """A card that, on demand, asks the index and all passages the same questions."""
    with card(
        "How good the index is",
        f"A vector index is fast and approximate. {QUESTIONS} stored vectors are looked up in the "
        f"index under {name(model)} and compared with all {embedded:,} vectors: how many of the "
        f"{TOP_K} nearest passages does the index find?",
    ):
        # What was measured is kept, and not the wish to measure: that would come true at any rerun.
        remembered, wanted = f"recall-{slug(model)}", f"measure-{slug(model)}"
        was_measured = remembered in st.session_state
        st.button(
            "Measure it again" if was_measured else "Measure the index",
            icon=":material/speed:",
            key=f"button-{wanted}",
            on_click=lambda: st.session_state.__setitem__(wanted, True),
        )
        if st.session_state.pop(wanted, False):
            st.session_state[remembered] = ask(
                measure_recall,
                model,
                embedded,
                counted=Counted("on_passages", "Vectors compared", embedded),
                stale=lambda result: was_measured,
            )
        elif not was_measured:
            return
        measured = st.session_state[remembered]
        if measured is None:
            nothing(
                "No vector index is used under this model.",
                "Every search compares all vectors, so nothing is missed.",
            )
            return
        low, high = measured.ci95
        with st.container(horizontal=True):
            st.metric(
                f"Recall at {measured.k}",
                f"{measured.recall:.3f}",
                help="Share of the nearest passages that the index finds, as a mean over "
                f"{measured.questions} questions (95%: {low:.3f} to {high:.3f}).",
            )
            st.metric("Worst question", f"{measured.worst:.1f}")
            st.metric("A question of the index", f"{measured.index_milliseconds:.1f} ms")
            st.metric("All compared", f"{measured.exact_seconds:.1f} s")
        verdict = (
            "enough for a search by meaning"
            if measured.recall >= ENOUGH
            else f"low: below {ENOUGH} a search misses passages that it should find. Build the "
            "index with a larger ef_construction"
        )
        st.caption(
            f"{name(measured.index)} finds {measured.recall:.1%} (95% interval {low:.1%} to "
            f"{high:.1%}) of the {measured.k} nearest, which is {verdict}."
        )
