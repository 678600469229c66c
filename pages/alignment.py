"""Are the vectors from the model that their label names?"""

import streamlit as st

from lib import charts, ui
from lib.databases import embeddings, highlights
from lib.similarity import audit, covariance, scores, verdicts

# Charts that stand beside each other.
MOST_MODELS = 12

ui.ensure_frame()

st.markdown(
    "Vectors of different models mix without an error when they have the same dimension. An "
    "**anchor** tells them apart: a highlight whose true passage is known from its words alone. "
    "Vectors of one model bring that passage to the top; vectors of two models do not."
)

by_label = ui.ask(highlights.count_by_model)
by_label = by_label[by_label["embedded"] > 0]
by_model = ui.ask(embeddings.count_by_model)
by_model = by_model[by_model["embeddings"] > 0]
heard = {row.model: int(row.embedded) for row in by_label.itertuples()}
written = {row.model: int(row.embeddings) for row in by_model.itertuples()}
measured = ("audit", *heard.items(), *written.items())

judged, lacking = st.container(gap="medium"), st.container()

# Drawn first, though it stands last: it needs no vectors, and is there while they are read.
with (
    lacking,
    ui.card(
        "What no search by meaning can find",
        "A highlight is answered by vectors of its own model in its own book. Where there are "
        "none, nothing is missing on the screen: the results are simply of other books.",
    ),
):
    ui.show_unanswerable(tuple(written))
    ui.show_faults()

if not heard or not written:
    with judged:
        ui.nothing(
            "There is nothing to compare.",
            "Alignment needs highlights and passages that both have vectors.",
        )
    st.stop()

with judged:
    with ui.card(
        "Which labels belong together",
        "In each cell the share of anchors that find their passage among the first ten of all.",
    ):
        found = ui.ask(
            audit.measure_audit,
            heard,
            written,
            counted=ui.Counted("on_rows", "Vectors read", ui.rows_to_judge(heard, written)),
        )
        table = verdicts.as_table(found.alignment.pairs)
        wrong = verdicts.mislabelled(table)
        for name in wrong[:MOST_MODELS]:
            st.error(
                "Their vectors are of different models, whatever the labels say: embed one side "
                "again.",
                title=f"Highlights and passages labelled {ui.name(name)} do not belong together",
            )
        if len(wrong) > MOST_MODELS:
            st.error(f"Nor do {len(wrong) - MOST_MODELS:,} more: see the figures.")
        ui.show_verdicts(table)
        ui.show_figures(table)
        ui.show_what_was_read(found)

    with ui.card(
        "Rows whose label lies",
        "Rows that lie where vectors of another model do, whether that model has a label of its "
        "own or not; the clearest first. No passage is judged by a fit that it took part in.",
    ):
        ui.show_suspects(found, measured)

    if len(found.labels.unlabelled):
        with ui.card(
            "Highlights without a label",
            "The model whose vectors each of them lies nearest to; none where several lie among "
            "those of no known model.",
        ):
            ui.show_unlabelled(found, measured)

    with ui.card(
        "The same anchors under each model",
        "Where true passages score no higher than random ones, the labels do not belong together.",
    ):
        judged_labels = list(dict.fromkeys(table["highlight_model"]))
        label = ui.choose("Label of the highlights", judged_labels, "anchors")
        drawn = scores.histogram_by_model(
            {
                pair.passage_model: {
                    charts.TRUE_PASSAGE: pair.anchor_scores,
                    scores.RANDOM_PAIRS: pair.random_scores,
                }
                for pair in found.alignment.pairs
                if pair.highlight_model == label
            }
        )
        if drawn.empty:
            ui.nothing(
                "No anchors under this label.",
                "Anchors need highlights of which two windows are found in one passage.",
            )
        else:
            anchored = [model for model in written if (drawn["model"] == model).any()]
            if len(anchored) > MOST_MODELS:
                st.caption(f"The first {MOST_MODELS} of {len(anchored):,} models.")
            anchored = anchored[:MOST_MODELS]
            columns = st.columns(min(3, max(2, len(anchored))))
            for number, model in enumerate(anchored):
                with columns[number % len(columns)]:
                    mine = drawn[drawn["model"] == model]
                    st.markdown(f"**Passages under {ui.name(model)}**")
                    ui.chart(
                        ui.finished(charts.anchor_scores, mine),
                        mine,
                        f"Scores of anchors labelled {ui.readable(label)} with their true and with "
                        f"random passages under {ui.readable(model)}.",
                        f"anchor-scores-{ui.slug(model)}",
                    )

    with ui.card(
        "Held against one model's own books",
        "Each grey line is a split of one model's passages, whole books on either side: how alike "
        "two parts of one space are. Highlights of that model lie among the lines or a little "
        "lower, for they are transcripts; those of another model lie at 0.",
    ):
        nulls = covariance.as_table(found.alignment.nulls)
        if nulls.empty or table["excess"].isna().all():
            ui.nothing(
                "There is too little to compare.",
                "This needs 30 highlights with vectors, and passages of at least four books.",
            )
        else:
            shown = verdicts.to_draw(table, MOST_MODELS)
            ui.chart(
                ui.finished(
                    charts.spread_within_models,
                    nulls[nulls["passage_model"].isin(shown["passage_model"])],
                    shown,
                ),
                nulls,
                "Covariance alignment of splits within each model, and of each pair of labels.",
                "spread",
            )
            if len(shown) < len(table):
                st.caption(
                    f"Drawn are {len(shown):,} of {len(table):,} pairs; the download has all."
                )
