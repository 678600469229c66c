"""Passages similar to a highlight, to a text, or to a half-remembered phrase."""

import streamlit as st

from lib import ui
from lib.databases import embeddings, highlights
from lib.databases.highlights import UNLABELLED
from lib.search import embedders, results
from lib.similarity import measure

MOST_CHOICES = 500

ui.ensure_frame()

st.markdown(
    "Find passages by what they mean, always among the vectors of one model, or by their words."
)

by_label = ui.ask(highlights.count_by_model)
by_model = ui.ask(embeddings.count_by_model)
stored = dict(zip(by_model["model"], by_model["embeddings"], strict=True))
# The model of most highlights first: it is the one that people mean.
models = [name for name in ui.model_order(by_label["model"], stored) if name in stored]

with st.container(horizontal=True, vertical_alignment="bottom"):
    source = st.segmented_control(
        "Ask with",
        ("a text", "a highlight"),
        default="a text",
        required=True,
        key="ask",
        bind="query-params",
    )
    ranking = st.segmented_control(
        "Rank by",
        ("embedding", "words"),
        default="embedding",
        required=True,
        key="rank",
        bind="query-params",
    )
    most = st.slider("Results", 5, 50, 10, 5, key="most", bind="query-params")

label, highlight = UNLABELLED, None
if source == "a text":
    text = st.text_input(
        "Search for",
        placeholder="the valley of the shadow of death",
        max_chars=embedders.MOST_CHARACTERS,
        type="search",
        key="q",
        bind="query-params",
    )
else:
    texts = ui.ask(highlights.read_texts)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        asked = st.text_input("Id of the highlight", key="highlight", bind="query-params")
        words = st.text_input(
            "Show highlights that hold", type="search", key="holding-words", bind="query-params"
        )
    choices = results.find_highlights(texts, words or "", MOST_CHOICES)
    if choices.empty:
        ui.nothing("No highlight holds these words.", "Try fewer or other words.")
    else:
        ui.choose_highlight(choices, "highlight")
    highlight = results.highlight_of(texts, asked or "")
    if highlight is None:
        ui.nothing(
            f"There is no highlight {ui.escape(asked)}." if asked else "No highlight is chosen.",
            "Choose a row above, or type the id of a highlight.",
        )
        st.stop()
    text, label = highlight["text"], highlight["model"]
    with st.container(border=True):
        st.caption(f"Highlight {ui.escape(asked or '')}, labelled {ui.escape(label)}")
        st.markdown(ui.escape(text))

if not (text or "").strip():
    ui.nothing(
        "Nothing is asked yet.",
        "Type a phrase and press Enter, or ask with a highlight.",
    )
    st.stop()

with ui.card("Passages"):
    if ranking == "words":
        found = ui.ask(results.by_words, text, most)
        rows = found.rows
        st.caption(
            "Passages that hold the whole text come first, then those that hold most of its words."
        )
    else:
        labelled = label != UNLABELLED
        options = [label] if labelled else embedders.available(models)
        options = [name for name in options if name in stored]
        if not options:
            ui.nothing(
                f"No passage has a vector under {ui.escape(label)}."
                if labelled
                else "None of the passages' models can embed a text here.",
                "Rank by words instead.",
            )
            st.stop()
        model = st.selectbox(
            "Model",
            options,
            disabled=len(options) == 1,
            key="search-model",
            bind="query-params",
            help="The query is embedded by this model and compared with its vectors only. A "
            "labelled highlight keeps the model of its label.",
        )
        if highlight is not None and labelled:
            vector = ui.ask(highlights.read_vector, highlight["id"]).matrix
        else:
            vector = ui.embed(model, text or "")
        if len(vector) == 0:
            ui.nothing("This highlight has no vector.", "Rank by words instead.")
            st.stop()
        found = ui.ask(results.by_embedding, model, vector[0], most)
        background = ui.ask(measure.measure_background, model, model, int(stored[model]))
        rows = results.calibrated(found, background, stored[model])
        st.caption(
            f"{'Its stored vector' if labelled else 'The text, embedded'} under "
            f"**{ui.escape(model)}**, among {stored[model]:,} vectors of that model. Percentile: "
            f"the share of {len(background.scores):,} random pairs that score lower. By chance: "
            "how many unrelated passages are expected to score as high in one search, or, below "
            "one, in how many searches there is one."
        )
    if rows.empty:
        ui.nothing("No passage was found.", "Try other words, or rank by embedding.")
    else:
        for number, row in enumerate(rows.itertuples(), start=1):
            ui.show_passage(number, row, results.words_to_mark(text))
        if found.truncated:
            st.caption(f"The best {len(rows):,}; there may be more. Raise the number of results.")
        ui.download(rows, "search")
