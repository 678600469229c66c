"""Passages similar to a highlight, to a text, or to a half-remembered phrase."""

import streamlit as st

from lib import ui
from lib.databases import embeddings, highlights
from lib.search.question import Question
from lib.search.results import DEPTH, MOST_RESULTS, ORDERS, Order
from lib.search.wording import ORDER_WORDS

ONE_LIST, WAYS, MODELS = "one list", "ways side by side", "models side by side"

ui.ensure_frame()

st.markdown(
    "Find passages by what they mean, always among the vectors of one model, by their own words, "
    "or by words spelt alike."
)

by_label = ui.ask(highlights.count_by_model)
by_model = ui.ask(embeddings.count_by_model)
stored = dict(zip(by_model["model"], by_model["embeddings"].astype(int), strict=True))
# The model of most highlights first: it is the one that people mean.
models = [name for name in ui.model_order(by_label["model"], stored) if stored.get(name)]

asked = ui.choose_question()
if asked is None:
    st.stop()

with st.container(horizontal=True, vertical_alignment="bottom"):
    view = st.segmented_control(
        "Show",
        (ONE_LIST, WAYS, MODELS),
        default=ONE_LIST,
        required=True,
        wrap=True,
        key="show",
        bind="query-params",
    )
    # A vector has no words to rank by.
    order: Order = "fused" if asked.text else "embedding"
    if view == ONE_LIST and asked.text:
        order = st.segmented_control(
            "Rank by",
            ORDERS,
            format_func=ORDER_WORDS.__getitem__,
            default="fused",
            required=True,
            wrap=True,
            key="rank",
            bind="query-params",
        )

options = ui.models_for(asked, models)
if not options and view != MODELS:
    ui.explain_no_model(asked, models)
    if not asked.text:
        st.stop()

with st.container(horizontal=True, vertical_alignment="bottom"):
    model = ui.choose_model(options) if view != MODELS else None
    within = ui.choose_where()
    most = st.slider("Results", 10, MOST_RESULTS, 50, 10, key="most", bind="query-params")

# The first results are the same however many are wanted.
depth = max(most, DEPTH)
leave_out = asked.identifier if asked.source == "a passage" else None

with ui.card("Passages"):
    if view == MODELS:
        ui.show_models(
            asked, models, stored, Question("", None, None, depth, within, leave_out), most
        )
    else:
        vector = None
        if model is not None:
            # What means nothing must not mix with the rest.
            on_purpose = view == WAYS or order == "embedding"
            vector = ui.vector_of(asked, model, stored[model], even_if_different=on_purpose)
        question = Question(asked.text, model, vector, depth, within, leave_out)
        found = ui.find(question, stored.get(model, 0))
        if view == WAYS:
            ui.show_ways(found, most)
        else:
            ui.explain(found, order)
            ui.show_list(found, order, most)

if model is not None:
    ui.show_index_recall(model, stored[model])
