"""Are the similarity scores believable? Nearest passages against random pairs."""

import streamlit as st

from lib import ui
from lib.databases import books, embeddings, highlights
from lib.similarity import distributions, measure

ui.ensure_frame()

st.markdown(
    "A raw score means nothing by itself: under one model random pairs score .2, under another .8. "
    "What counts is how far the nearest passages stand out from random pairs."
)

by_label = ui.ask(highlights.count_by_model)
by_model = ui.ask(embeddings.count_by_model)
embedded = {str(row.model): int(row.embedded) for row in by_label.itertuples() if row.embedded > 0}
stored = {
    str(row.model): int(row.embeddings) for row in by_model.itertuples() if row.embeddings > 0
}
models = list(stored)
if not embedded or not stored:
    ui.nothing(
        "There is nothing to compare.",
        "Scores need highlights and passages that both have vectors.",
    )
    st.stop()

with st.container(horizontal=True, vertical_alignment="bottom"):
    label = ui.choose("Label of the highlights", list(embedded), "label")
    model = ui.choose("Model of the passages", models, "model", default=label)
    k = st.slider("And the k-th nearest, k", 2, measure.TOP_K, 10, key="k", bind="query-params")
    shape = st.segmented_control(
        "Shape",
        distributions.SHAPES,
        default="density",
        required=True,
        key="shape",
        bind="query-params",
    )

if label != model:
    st.warning(
        "These scores compare vectors that no common label vouches for. They serve to diagnose; as "
        "search results they would mean nothing.",
        title=f"{ui.name(label)} against {ui.name(model)}",
        icon=":material/compare_arrows:",
    )

pair = ui.measured(label, model, embedded, stored)
summary = ui.derive(
    distributions.describe_pair,
    (label, model, k),
    pair.scores,
    pair.background.scores,
    pair.background.pairs,
    k,
)
if summary.empty or summary["series"].iat[0] != distributions.NEAREST:
    ui.nothing(
        "These vectors cannot be compared.",
        "They have different dimensions, or none that is not zero. Choose another model of the "
        "passages.",
    )
    st.stop()

scored = ui.Scored(pair, models, k, shape, ui.ask(books.read_books))
ui.explore_scores(scored, summary)

with ui.card(
    "In figures",
    "Separation is the chance that a nearest score beats the score of a random pair: .5 is no "
    "better than a coin, 1 is perfect. Its 95% interval takes drawn highlights and drawn passages "
    "as independent, not the pairs that share them.",
):
    ui.show_summary(summary)

with ui.card(
    "Small multiples",
    "The same distributions book by book, or model by model.",
):
    ui.show_side_by_side(scored, embedded, stored)
