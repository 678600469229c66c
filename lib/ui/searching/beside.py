"""Rankings next to each other: the ways of one search, or the same question under every model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from lib.errors import ConcordanceError
from lib.markup import name
from lib.names import distinct
from lib.search.overlap import overlap
from lib.search.question import Question
from lib.search.rankings import WAYS
from lib.search.wording import EXPLANATIONS, how_found
from lib.ui.cards import download, nothing, show_error
from lib.ui.login import fragment
from lib.ui.searching.asked import Asked
from lib.ui.searching.embedded import models_for, vector_of
from lib.ui.searching.found import (
    ON_A_PAGE,
    Found,
    find,
    show_failure,
    show_pages,
    show_result,
    start_of_page,
)
from lib.ui.tables import table as show_table

MOST_MODELS = 3


@fragment
def show_ways(found: Found, most: int) -> None:
    """The `most` best passages of each way of ranking, in columns, a page at a time."""
    rankings = found.results.rankings
    longest = max((min(len(r.passages), most) for r in rankings.values()), default=0)
    start = start_of_page((found.question.key, "ways"), longest)
    columns = st.columns(len(WAYS))
    for way, column in zip(WAYS, columns, strict=True):
        with column:
            st.markdown(f"#### By {way if way == 'embedding' else f'{way} words'}")
            ranking = rankings.get(way)
            if ranking is None:
                nothing("Not asked this way.", _why_not(way))
                continue
            st.caption(EXPLANATIONS[way])
            if ranking.failure is not None:
                show_failure(ranking)
                continue
            st.caption(how_found(ranking, found.question, found.embedded, name))
            rows = found.results.ordered(way, most)
            if rows.empty:
                nothing("No passage was found.", "Try other words.")
            others = [other for other in WAYS if other != way]
            page = rows.iloc[start : start + ON_A_PAGE]
            for number, row in enumerate(page.itertuples(), start=start + 1):
                also = [
                    f":violet-badge[also {other} {int(getattr(row, other))}]"
                    for other in others
                    if getattr(row, other) == getattr(row, other)
                ]
                show_result(number, row, found, found.question.text, also, f"{way}-")
    show_pages(longest)
    download(found.results.rows.drop(columns="at_floor", errors="ignore"), "search-ways")


def _why_not(way: str) -> str:
    if way == "embedding":
        return "There is no vector to ask with."
    return "There are no words to ask with." if way == "exact" else "There is no long enough word."


def show_models(
    asked: Asked, models: Sequence[str], stored: Mapping[str, int], question: Question, most: int
) -> None:
    """The same question under several models, each with its own vector and its own calibration.

    `question` says what else is asked: how many passages, and where. The `most` best are shown, a
    page at a time. `stored`: vectors by model.
    """
    st.caption(
        "Each model embeds the question itself, and its scores are calibrated against its own "
        "random pairs. Scores of different models cannot be compared: ranks, percentiles and the "
        "overlap can."
    )
    shown_as = distinct(models)
    chosen = st.multiselect(
        "Models",
        list(models),
        default=list(models)[:MOST_MODELS],
        format_func=shown_as.__getitem__,
        max_selections=2 * MOST_MODELS,
        key="models",
        bind="query-params",
    )
    if not chosen:
        nothing("No model is chosen.", "Choose two or more to compare.")
        return
    places: dict[str, list[Any]] = {}
    shown: dict[str, Found] = {}
    columns = st.columns(len(chosen))
    for model, column in zip(chosen, columns, strict=True):
        with column:
            st.markdown(f"#### {name(model)}")
            try:
                found = _find_under(asked, model, stored[model], question)
            except ConcordanceError as error:
                show_error(error)
                continue
            if found is not None:
                ranking = found.results.rankings["embedding"]
                places[model], shown[model] = ranking.passages, found
                st.caption(how_found(ranking, found.question, found.embedded, name))
    rows = {model: one.results.ordered("embedding", most) for model, one in shown.items()}
    longest = max(map(len, rows.values()), default=0)
    start = start_of_page((*(one.question.key for one in shown.values()), "models"), longest)
    for model, column in zip(chosen, columns, strict=True):
        if model in shown:
            with column:
                page = rows[model].iloc[start : start + ON_A_PAGE]
                _show_beside(shown[model], page, start, places, asked.text)
    show_pages(longest)
    if len(shown) > 1:
        _show_overlap(places, most)
    if shown:
        frames = [one.results.rows.assign(model=model) for model, one in shown.items()]
        together = pd.concat(frames, ignore_index=True)
        kept = ["model", "embedding", "passage", "title", "chapter", "content", "score"]
        kept += [name for name in ("percentile", "expected") if name in together]
        download(together[kept], "search-models")


def _find_under(asked: Asked, model: str, embedded: int, question: Question) -> Found | None:
    """The passages nearest to the question under one model; None, after saying why, for none."""
    if asked.label not in {None, model} and asked.text:
        # The stored vector is of another model: its text is embedded by this one.
        asked = Asked("a text", asked.text)
    if model not in models_for(asked, [model]):
        if asked.vector is not None:
            nothing("The vector does not fit.", "This model's vectors have another dimension.")
        else:
            nothing(
                "No embedder is at hand for this model.",
                "Describe one in the settings: see Embedders on the Connect page.",
            )
        return None
    vector = vector_of(asked, model, embedded)
    if vector is None:
        return None
    alone = Question("", model, vector, question.most, question.within, question.leave_out)
    return find(alone, embedded)


def _show_beside(
    found: Found, page: pd.DataFrame, start: int, places: Mapping[str, list[Any]], text: str
) -> None:
    if page.empty:
        nothing("No passage is here.", "Turn back a page, or choose more books.")
    model = str(found.question.model)
    ranks = {
        other: {passage: rank for rank, passage in enumerate(ranked, start=1)}
        for other, ranked in places.items()
        if other != model
    }
    for number, row in enumerate(page.itertuples(), start=start + 1):
        also = [
            f":violet-badge[also {name(other)} {theirs[row.passage]}]"
            for other, theirs in ranks.items()
            if row.passage in theirs
        ]
        show_result(number, row, found, text, also, f"{model}-")


def _show_overlap(places: Mapping[str, list[Any]], most: int) -> None:
    st.markdown("#### What they have in common")
    table = pd.concat(
        [overlap(places, k).assign(k=k) for k in dict.fromkeys((min(ON_A_PAGE, most), most))],
        ignore_index=True,
    )
    show_table(
        table,
        "How many of the first passages each pair of models has in common",
        placeholder="–",
        column_order=("a", "b", "k", "shared", "share"),
        column_config={
            "a": "Model",
            "b": "And model",
            "k": st.column_config.NumberColumn("Among the first", format="localized"),
            "shared": st.column_config.NumberColumn("Shared passages", format="localized"),
            "share": st.column_config.ProgressColumn(
                "Overlap", format="percent", min_value=0, max_value=1
            ),
        },
    )
