"""Both databases at a glance: what they hold, and what they lack."""

import streamlit as st

from lib import charts, ui
from lib.databases import books, embeddings, highlights, indexes, passages
from lib.databases.limited import in_all, is_truncated, labels_in_all
from lib.similarity import coverage

# What a chart or a list has room for.
MOST_LABELS, MOST_MODELS, MOST_FAULTS = 20, 12, 12

ui.ensure_frame()

st.markdown(
    "What both databases hold, which books can be found under which model, and what is missing."
)

with st.grid(4, min_column_width=180):
    ui.figure("Highlights", lambda: in_all(ui.ask(highlights.count_by_model)))
    ui.figure("Books", lambda: len(ui.ask(books.read_books)))
    passage_count = ui.figure("Passages", lambda: ui.ask(passages.count_passages))
    ui.figure("Vectors of passages", lambda: in_all(ui.ask(embeddings.count_by_model)))

if passage_count == 0:
    ui.nothing(
        "There are no passages.",
        "Fill the table of passages, or map relations.passages to another one.",
    )
    st.stop()

with ui.card(
    "Vectors by model",
    "Only vectors under one label may be compared: vectors of two models mix without an error, "
    "and the results mean nothing.",
):
    by_label = ui.ask(highlights.count_by_model)
    by_model = ui.ask(embeddings.count_by_model)
    both = coverage.by_model(by_label, by_model, ui.ask(passages.count_passages))
    colours = ui.model_order(by_model["model"], by_label["model"])
    for place, column, what in zip(
        st.columns(2), ("highlights", "embeddings"), ("highlights", "passages"), strict=True
    ):
        with place:
            st.markdown(f"**Labels of {what}**")
            counts = both[both[column] > 0]
            ui.chart(
                ui.finished(
                    charts.counts_by_model,
                    coverage.fold(counts, column, MOST_LABELS),
                    column,
                    colours,
                ),
                both[["model", column]],
                f"Bars of how many {what} have a vector under each label.",
                f"labels-of-{what}",
            )
    for what, counted in (("highlights", by_label), ("passages", by_model)):
        if is_truncated(counted):
            st.caption(
                f"The {len(counted):,} largest of {labels_in_all(counted):,} labels of {what} are "
                "shown, on all pages. So many labels mostly mean that another column was mapped."
            )

with ui.card(
    "Coverage of books",
    "A passage without a vector under a model cannot be found by a highlight of that model.",
):
    models = ui.ask(embeddings.count_by_model)["model"].tolist()
    covered = ui.derive(
        coverage.by_book_and_model,
        ("coverage", *models),
        ui.ask(embeddings.read_coverage),
        ui.ask(books.read_books),
        models,
    )
    st.markdown("  \n".join(map(ui.escape, coverage.describe_coverage(covered))))
    if models:
        ui.show_coverage(covered)
    else:
        ui.nothing("No passage has a vector.", "Embed the passages, then come back.")

left, right = st.columns(2)
with left, ui.card("Index health", "Without these indexes every search reads the whole table."):
    by_model = ui.ask(embeddings.count_by_model)
    # Those of most vectors: their searches take longest.
    largest = by_model.sort_values("embeddings", ascending=False, kind="stable")["model"]
    checked = tuple(by_model["model"][by_model["model"].isin(largest.head(MOST_MODELS))])
    for check in ui.ask(indexes.check_indexes, checked):
        st.markdown(f"{ui.state_badge(check.present)} {ui.escape(check.sentence)}")
        if check.present:
            st.caption(f"{ui.escape(check.name or '')}, {check.megabytes:,.1f} MB")
        if check.create:
            st.code(check.create, language="sql", wrap_lines=True)
    if len(checked) < len(by_model):
        st.caption(f"Looked for under the {len(checked):,} largest of {len(by_model):,} models.")

with right, ui.card("Vector gate", "Vectors that no diagnosis can start with."):
    gate = ui.ask(embeddings.read_gate)
    faults = coverage.describe_gate(gate)
    for fault in faults[:MOST_FAULTS]:
        st.markdown(f":orange-badge[:material/warning: look] {ui.escape(fault)}")
    if len(faults) > MOST_FAULTS:
        st.caption(f"And {len(faults) - MOST_FAULTS:,} more faults: see the table.")
    if not faults:
        st.markdown(
            ":green-badge[:material/check: clean] No vector is missing, zero or not finite, and "
            "each label has one dimension."
        )
    if gate["truncated"].any():
        st.caption(f"Read from the first {gate['rows'].sum():,} rows.")
    ui.table(
        gate.drop(columns="truncated"),
        "Vector gate: counts of missing, zero and non-finite vectors by relation and label",
        column_config={
            "relation": "Relation",
            "model": "Label",
            "rows": st.column_config.NumberColumn("Rows", format="localized"),
            "null": st.column_config.NumberColumn("Missing", format="localized"),
            "zero": st.column_config.NumberColumn("Zero", format="localized"),
            "not_finite": st.column_config.NumberColumn("Not finite", format="localized"),
            "dimensions": st.column_config.ListColumn("Dimensions"),
            "norm_low": st.column_config.NumberColumn("Length, 5%", format="%.3f"),
            "norm_high": st.column_config.NumberColumn("Length, 95%", format="%.3f"),
        },
    )
