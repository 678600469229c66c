"""Are the similarity scores believable? Nearest passages against random pairs."""

import streamlit as st

from lib import charts, ui
from lib.databases import embeddings, highlights
from lib.similarity import measure, scores

ui.ensure_frame()

st.markdown(
    "A raw score means nothing by itself: under one model random pairs score .2, under another .8. "
    "What counts is how far the nearest passages stand out from random pairs."
)

by_label = ui.ask(highlights.count_by_model)
by_model = ui.ask(embeddings.count_by_model)
labels = by_label.loc[by_label["embedded"] > 0, "model"].tolist()
models = by_model["model"].tolist()
if not labels or not models:
    ui.nothing(
        "There is nothing to compare.",
        "Scores need highlights and passages that both have vectors.",
    )
    st.stop()

with st.container(horizontal=True, vertical_alignment="bottom"):
    label = st.selectbox("Label of the highlights", labels, key="label", bind="query-params")
    model = st.selectbox(
        "Model of the passages",
        models,
        index=models.index(label) if label in models else 0,
        key="model",
        bind="query-params",
    )
    k = st.slider("And the k-th nearest, k", 2, measure.TOP_K, 10, key="k", bind="query-params")
    shape = st.segmented_control(
        "Shape",
        ["density", "histogram"],
        default="density",
        required=True,
        key="shape",
        bind="query-params",
    )

if label != model:
    st.warning(
        "These scores compare vectors that no common label vouches for. They serve to diagnose; as "
        "search results they would mean nothing.",
        title=f"{ui.escape(label)} against {ui.escape(model)}",
        icon=":material/compare_arrows:",
    )

embedded = dict(zip(by_label["model"], by_label["embedded"], strict=True))
stored = dict(zip(by_model["model"], by_model["embeddings"], strict=True))

with ui.card(
    "Nearest passages against random pairs",
    "Where the curves overlap, a score does not tell a true passage from a chance one.",
):
    pair = ui.ask(
        measure.measure_pair,
        label,
        model,
        int(embedded[label]),
        counted=ui.Counted("on_passages", "Passages compared", int(stored[model])),
    )
    key = (label, model, k)
    summary = ui.derive(scores.describe_pair, key, pair.scores, pair.background.scores, k)
    if summary.empty:
        ui.nothing(
            "These vectors have different dimensions.", "Choose another model of the passages."
        )
        st.stop()
    drawn = ui.derive(scores.histogram_of_pair, key, pair.scores, pair.background.scores, k)
    ui.chart(
        charts.distributions(drawn, model, models, shape == "histogram"),
        drawn,
        f"Distributions of cosine similarity under {model}: nearest passage, {k}-th nearest "
        "passage, and random pairs.",
        "scores",
    )
    sampled = len(pair.highlight_ids) < pair.highlights_total
    st.caption(
        f"{'A sample of ' if sampled else 'All '}{len(pair.highlight_ids):,} highlights against "
        f"all {pair.passages_total:,} passages, exactly. Random pairs: "
        f"{pair.background.highlights:,} highlights × {pair.background.passages:,} passages = "
        f"{len(pair.background.scores):,} scores, drawn at random (seed {pair.background.seed})."
    )

with ui.card(
    "In figures",
    "Separation is the chance that a nearest score beats the score of a random pair: .5 is no "
    "better than a coin, 1 is perfect.",
):
    st.dataframe(
        summary,
        hide_index=True,
        alt="Number, mean, spread, percentiles and separation of each distribution",
        column_config={
            "series": "Scores of",
            "n": st.column_config.NumberColumn("Number", format="localized"),
            "mean": st.column_config.NumberColumn("Mean", format="%.3f"),
            "sd": st.column_config.NumberColumn("Standard deviation", format="%.3f"),
            "p50": st.column_config.NumberColumn("Median", format="%.3f"),
            "p95": st.column_config.NumberColumn("95th percentile", format="%.3f"),
            "p99": st.column_config.NumberColumn("99th percentile", format="%.3f"),
            "separation": st.column_config.NumberColumn("Separation", format="%.4f"),
        },
    )
    ui.download(summary, "score-summary")
