"""Under which model a question is asked, its vector there, and whether that is to be trusted."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from lib.databases import embeddings, highlights, indexes
from lib.errors import EmbedderError
from lib.markup import name
from lib.names import slug
from lib.search.checking import EmbedderCheck, check_embedder
from lib.search.question import Vector
from lib.ui.asking import ask, connection, embed
from lib.ui.cards import escape, show_error
from lib.ui.searching.asked import Asked
from lib.ui.tables import choose, listed

# An endpoint that did not answer is not asked again at every click.
RETRY_SECONDS = 20.0
MOST_NAMED = 12


def models_for(asked: Asked, models: Sequence[str]) -> list[str]:
    """Those of the passages' models under which this can be asked, in their order."""
    if asked.label in models:
        return [model for model in models if model == asked.label]
    if asked.vector is not None:
        return _of_dimension(models, len(asked.vector))
    if asked.source == "a passage":
        return list(models)
    embeddable = connection().embedders.available(models) if asked.text else []
    if asked.source == "a highlight" and asked.label is None:
        # Its stored vector may be of any model that makes vectors of so many numbers.
        stored = ask(highlights.read_vector, asked.identifier).matrix
        fitting = _of_dimension(models, stored.shape[1]) if len(stored) else []
        return [model for model in models if model in {*embeddable, *fitting}]
    return embeddable


def _of_dimension(models: Sequence[str], dimension: int) -> list[str]:
    dimensions = ask(indexes.read_dimensions, list(models))
    return [model for model in models if dimensions.get(model) == dimension]


def choose_model(options: Sequence[str]) -> str | None:
    """The model whose vectors are searched, which also embeds the question; None for none.

    `options` as of `models_for`.
    """
    if not options:
        return None
    return choose(
        "Model",
        options,
        "search-model",
        disabled=len(options) == 1,
        help="The question is embedded by this model and compared with its vectors only: scores "
        "of different models say nothing about one another. A labelled highlight keeps the "
        "model of its label.",
    )


def explain_no_model(asked: Asked, models: Sequence[str]) -> None:
    """Why a question cannot be asked under any of the passages' models, and what to do."""
    if asked.label is not None:
        why = f"No passage has a vector under {name(asked.label)}, and no other model can embed it"
    elif asked.vector is not None:
        dimensions = ask(indexes.read_dimensions, list(models))
        sizes = [f"{name(model)} has {n:,}" for model, n in dimensions.items()]
        known = listed(sizes, MOST_NAMED)
        why = f"The vector has {len(asked.vector):,} numbers, and no model's has so many: {known}"
    else:
        why = "None of the passages’ models can embed a text here"
    hint = (
        "Passages are ranked by their words. To rank them by meaning, describe an embedder in "
        "the settings: see Embedders in the documentation on the Connect page."
        if asked.text
        else "Paste a vector that one of these models made."
        if asked.vector is not None
        else "It has no text to rank by either: ask with something else."
    )
    st.info(hint, title=f"{why}.", icon=":material/info:")


def vector_of(
    asked: Asked, model: str, embedded: int, even_if_different: bool = True
) -> Vector | None:
    """The vector of a question under a model; None, after saying why, where there is none.

    `embedded`: vectors stored under the model. Unless `even_if_different`, there is none where the
    embedder turns out to be another model.
    """
    if asked.vector is not None:
        return asked.vector
    is_here = model in connection().embedders.available([model]) and bool(asked.text)
    if asked.source == "a passage":
        stored = ask(embeddings.read_vectors, model, [asked.identifier])
    elif asked.label == model or (asked.source == "a highlight" and not is_here):
        stored = ask(highlights.read_vector, asked.identifier)
        if asked.label is None:
            st.caption(
                "This highlight has no label. Its stored vector is taken for one of "
                f"{name(model)}, which it need not be: the Alignment page tells what it fits."
            )
    else:
        if asked.label is not None:
            st.caption(
                f"No passage has a vector under {name(asked.label)}, the label of this "
                f"highlight: its text is embedded by {name(model)}."
            )
        return _embedded(asked.text, model, embedded, even_if_different)
    if len(stored) == 0:
        what = "passage" if asked.source == "a passage" else "highlight"
        st.info(
            "It is searched for by its words." if asked.text else "Ask with something else.",
            title=f"This {what} has no vector under {name(model)}.",
            icon=":material/info:",
        )
        return None
    vector: Vector = stored.matrix[0]
    return vector


def _embedded(text: str, model: str, embedded: int, even_if_different: bool) -> Vector | None:
    """The vector that the model's embedder makes, once it is checked against stored passages."""
    remembered = f"embedder-failed-{model}"
    failed_at, failure = st.session_state.get(remembered, (0.0, None))
    if failure is not None and time.monotonic() - failed_at < RETRY_SECONDS:
        _show_failure(failure, remembered)
        return None
    try:
        check = ask(check_embedder, connection().embedders, model, total=embedded, key=(model,))
        vector: Vector = embed(model, text)[0]
        if len(vector) != check.dimension:
            raise EmbedderError(
                f"The embedder of {model} makes vectors of {len(vector):,} numbers for questions "
                f"and of {check.dimension:,} for passages.",
                "Set model and passage_model to one model.",
            )
    except EmbedderError as error:
        st.session_state[remembered] = (time.monotonic(), error)
        _show_failure(error, remembered)
        return None
    st.session_state.pop(remembered, None)
    show_check(check)
    return vector if even_if_different or check.verdict != "different" else None


def _show_failure(error: EmbedderError, remembered: str) -> None:
    show_error(error)
    st.button(
        "Ask the embedder again",
        icon=":material/refresh:",
        type="tertiary",
        key=f"again-{slug(remembered)}",
        on_click=lambda: st.session_state.pop(remembered, None),
    )


def show_check(check: EmbedderCheck) -> None:
    """What the comparison with stored passages says, loudly where it does not agree."""
    if check.verdict == "different":
        st.error(escape(check.sentence()), title="This embedder is not the model of these rows.")
    elif check.verdict == "similar":
        st.warning(
            escape(check.sentence()), title="This embedder is not quite the model of these rows."
        )
    elif check.prefix is not None and check.prefix != check.prefix_in_use:
        st.info(escape(check.sentence()), title="The stored passages have another prefix.")
    elif check.closest < check.passages:
        st.caption(escape(check.sentence()))
