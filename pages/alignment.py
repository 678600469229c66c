"""Are the vectors from the model that their label names?"""

import streamlit as st

from lib import charts, ui
from lib.databases import embeddings, highlights, passages
from lib.databases.highlights import UNLABELLED
from lib.matching.anchors import search_anchors
from lib.similarity import alignment, scores, verdicts

MOST_NOTES = 6

ui.ensure_frame()

st.markdown(
    "Vectors of different models mix without an error when they have the same dimension. An "
    "**anchor** tells them apart: a highlight whose true passage is known from its words alone. "
    "Vectors of one model bring that passage to the top; vectors of two models do not."
)

by_label = ui.ask(highlights.count_by_model)
by_model = ui.ask(embeddings.count_by_model)
labels = tuple(by_label.loc[by_label["embedded"] > 0, "model"])
models = tuple(by_model["model"])
if not labels or not models:
    ui.nothing(
        "There is nothing to compare.",
        "Alignment needs highlights and passages that both have vectors.",
    )
    st.stop()

with ui.card("Which labels belong together"):
    total = ui.ask(passages.count_passages)
    anchors = ui.ask(search_anchors, counted=ui.Counted("on_passages", "Passages searched", total))
    pairs = ui.ask(
        alignment.measure_alignment,
        anchors,
        labels,
        models,
        counted=ui.Counted("on_passages", "Vectors compared", int(by_model["embeddings"].sum())),
    )
    table = verdicts.as_table(pairs)
    wrong = verdicts.mislabelled(table)
    for name in wrong:
        st.error(
            "Their vectors are of different models, whatever the labels say: embed one side again.",
            title=f"Highlights and passages labelled {ui.escape(name)} do not belong together",
        )
    ui.chart(
        charts.verdict_matrix(table),
        table,
        "Matrix of highlight labels by passage models: " + verdicts.in_words(table),
        "verdicts",
    )
    st.dataframe(
        table.drop(columns=["caption", "note"]),
        hide_index=True,
        alt="Verdict, anchors, recall with intervals and covariance alignment of each pair",
        column_config={
            "highlight_model": "Highlights",
            "passage_model": "Passages",
            "verdict": "Verdict",
            "anchors": st.column_config.NumberColumn("Anchors", format="localized"),
            "recall_at_1": st.column_config.NumberColumn("Recall@1", format="percent"),
            "recall_at_10": st.column_config.NumberColumn("Recall@10", format="percent"),
            "low": st.column_config.NumberColumn("95% from", format="percent"),
            "high": st.column_config.NumberColumn("to", format="percent"),
            "rho": st.column_config.NumberColumn(
                "ρ", format="%.2f", help="Covariance alignment: near 1 within one model."
            ),
        },
    )
    with st.expander("Why", expanded=len(table) <= MOST_NOTES, icon=":material/gavel:"):
        for row in table.itertuples():
            pair = f"{ui.escape(row.highlight_model)} with {ui.escape(row.passage_model)}"
            st.markdown(f"**{pair}: {row.verdict}.** {ui.escape(row.note)}")
    st.caption(
        f"{len(anchors):,} anchors among at most {ui.limits().anchor_highlights:,} highlights of "
        f"each label; at most {ui.limits().anchors:,} of a label are used. "
        "A change of query prefix is not a different model and stays aligned. Without anchors ρ "
        "decides, which a space rotated about its own mean can fool."
    )

with ui.card(
    "The same anchors under each model",
    "Where true passages score no higher than random ones, the labels do not belong together.",
):
    label = st.selectbox("Label of the highlights", labels, key="anchors", bind="query-params")
    drawn = scores.histogram_by_model(
        {
            pair.passage_model: {
                charts.TRUE_PASSAGE: pair.anchor_scores,
                scores.RANDOM_PAIRS: pair.random_scores,
            }
            for pair in pairs
            if pair.highlight_model == label
        }
    )
    if drawn.empty:
        ui.nothing(
            "No anchors under this label.",
            "Anchors need highlights of which two windows are found in one passage.",
        )
    else:
        for place, model in zip(st.columns(max(2, len(models))), models, strict=False):
            with place:
                mine = drawn[drawn["model"] == model]
                st.markdown(f"**Passages under {ui.escape(model)}**")
                ui.chart(
                    charts.anchor_scores(mine),
                    mine,
                    f"Scores of anchors labelled {label} with their true and with random "
                    f"passages under {model}.",
                    f"anchor-scores-{model}",
                )

with ui.card(
    "Rows whose label lies",
    "Rows that another label's vectors explain better than those of their own, most certain "
    "first. A row is never judged by a fit that it took part in.",
):
    named = tuple(name for name in labels if name != UNLABELLED)
    suspects = ui.ask(alignment.measure_suspects, named, models)
    if suspects.empty:
        st.markdown(":green-badge[:material/check: none] Every row fits its label.")
    else:
        with st.container(horizontal=True):
            for relation, count in suspects["relation"].value_counts().items():
                st.badge(f"{count:,} in {relation}", icon=":material/flag:", color="orange")
        st.dataframe(
            suspects,
            hide_index=True,
            height=320,
            alt="Suspect rows: relation, id, label, what they look like, and how clearly",
            column_config={
                "relation": "Relation",
                "id": "Id",
                "label": "Label",
                "looks_like": "Looks like",
                "score": st.column_config.NumberColumn(
                    "How clearly", format="%.2f", help="Nats per dimension in favour of the other."
                ),
            },
        )
        ui.download(suspects, "suspects")
    if len(models) < 2:
        st.caption("With one label among the passages there is no other to look like.")
