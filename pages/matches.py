"""How well are highlights found in the books, and by which order of trying?"""

import streamlit as st

from lib import charts, ui
from lib.databases import books, passages
from lib.matching import claims, fallback, first_hits, study
from lib.matching.orders import BUDGETS, ORDERS
from lib.matching.rates import SCOPES
from lib.matching.windows import MODES

ui.ensure_frame()

st.markdown(
    "A highlight is cut into **windows** of consecutive words; a window that stands in a passage "
    "is a hit, and a highlight with a hit is matched. A **budget** limits how many windows may be "
    "tried; the orders differ in which they try first."
)

with st.container(horizontal=True, vertical_alignment="bottom"):
    scope = st.segmented_control(
        "Look in",
        SCOPES,
        default="book",
        required=True,
        key="scope",
        bind="query-params",
        help="book: only the highlight's own book, where it has one. library: all books.",
    )
    mode = st.segmented_control(
        "Compare",
        MODES,
        default="ilike",
        required=True,
        key="mode",
        bind="query-params",
        help="ilike: exactly as PostgreSQL's ILIKE finds it, within one passage. words: word by "
        "word, without punctuation and across passages.",
    )
    size = st.slider("Words in a window", 3, 12, 6, key="window", bind="query-params")
    stride = st.slider("Words from window to window", 1, 12, 1, key="stride", bind="query-params")
    budget = st.select_slider("Budget", BUDGETS, 4, key="budget", bind="query-params")

stride = min(stride, size)
key = (mode, size, stride)
total = ui.ask(passages.count_passages)
found = ui.ask(
    study.scan_highlights,
    size,
    stride,
    mode,
    counted=ui.Counted("on_passages", "Passages searched", total),
)
read = ui.derive(study.study, (*key, scope), found, scope)

if read.highlights == 0:
    ui.nothing("There are no highlights.", "Map relations.highlights to the table that has them.")
    st.stop()
if read.eligible == 0:
    ui.nothing(
        f"All {read.highlights:,} highlights are shorter than {size} words.",
        "Choose fewer words in a window.",
    )
    st.stop()

matched = int(read.matched.sum())
with st.grid(4, min_column_width=180):
    st.metric("Matched by any window", f"{matched / read.eligible:.1%}", border=True)
    for order in ("middle_out", "edge_first", "spread"):
        row = claims.order_at_budget(read, order, budget)
        st.metric(
            f"{charts.ORDER_TITLES[order].capitalize()}, budget {budget}",
            f"{row['rate']:.1%}",
            border=True,
            help=f"95% interval {row['low']:.1%} to {row['high']:.1%}",
        )
st.caption(
    f"{matched:,} of {read.eligible:,} highlights; {int(read.too_short.sum()):,} of "
    f"{read.highlights:,} are too short to be tried."
)

left, right = st.columns(2)
with (
    left,
    ui.card(
        "Match rate by budget",
        "Bands are 95% intervals. Without a budget every order matches the same: the dotted line.",
    ),
):
    ui.chart(
        charts.rate_by_budget(read.by_budget, read.random_order, matched / read.eligible),
        read.by_budget,
        "Lines of the match rate of four orders and of random order against the budget.",
        "match-rates",
    )
    st.markdown(claims.compare_in_words(read, "middle_out", "edge_first", budget))
with (
    right,
    ui.card(
        "Hit rate by position",
        "If recordings were heard worse at their edges, the line would fall at both ends.",
    ),
):
    ui.chart(
        charts.rate_by_position(read.by_position),
        read.by_position,
        "Line of the share of windows that hit, by position in the highlight, with intervals.",
        "hit-positions",
    )
    st.markdown(claims.drift_in_words(read.by_position))

titles = ui.ask(books.read_books)
with ui.card("Highlights and their first hits"):
    with st.container(horizontal=True, vertical_alignment="bottom"):
        order = st.selectbox(
            "Order",
            ORDERS,
            format_func=charts.ORDER_TITLES.__getitem__,
            key="order",
            bind="query-params",
        )
        state = st.segmented_control(
            "Show", first_hits.STATES, key="state", bind="query-params", help="None chosen: all."
        )
        within = st.toggle("Within the budget", key="within", bind="query-params")
        words = st.text_input(
            "Holding", placeholder="words of the highlight", key="holding", bind="query-params"
        )
    hits = ui.derive(
        first_hits.first_hits,
        (*key, scope, order, budget if within else None),
        found,
        read,
        order,
        budget if within else None,
    )
    table = ui.ask(first_hits.read_first_passages, hits, titles)
    shown = first_hits.select(table, state, words or "")
    if shown.empty:
        ui.nothing("No highlight is like that.", "Choose another state or other words.")
    else:
        st.caption(f"{len(shown):,} of {len(table):,}. Choose a row to read it in full.")
        chosen = st.dataframe(
            shown,
            hide_index=True,
            height=360,
            on_select="rerun",
            selection_mode="single-row",
            key="highlights",
            placeholder="",
            alt="Highlights with state, attempts, landing, book and the passage of the first hit",
            column_order=("state", "attempts", "landing", "title", "text", "content"),
            column_config={
                "state": "State",
                "attempts": st.column_config.NumberColumn("Attempts", width="small"),
                "landing": st.column_config.TextColumn("First hit"),
                "title": "Book",
                "text": st.column_config.TextColumn("Highlight", width="large"),
                "content": st.column_config.TextColumn("Passage", width="large"),
            },
        ).selection.rows
        ui.download(shown, "highlights")
        if chosen and chosen[0] < len(shown):
            ui.side_by_side(shown.iloc[chosen[0]], size)

with ui.card(
    "Fallback",
    "For highlights that no window finds: the nearest place by the whole highlight. It takes a "
    "while, so it runs when asked.",
):
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = st.segmented_control(
            "Method",
            fallback.METHODS,
            default="none",
            required=True,
            key="fallback",
            bind="query-params",
        )
        threshold = st.slider(
            "Largest distance accepted",
            0.05,
            0.95,
            fallback.default_threshold("alignment"),
            0.05,
            key="distance",
            bind="query-params",
        )
    unmatched = tuple(read.unmatched)
    if method == "none":
        st.markdown(f"{len(unmatched):,} highlights are unmatched.")
    else:
        fallen = ui.ask(
            fallback.find_places,
            found.highlights,
            unmatched,
            method,
            scope,
            counted=ui.Counted("on_count", "Compared", len(unmatched)),
        ).places
        accepted = fallen["distance"] <= threshold
        both = matched + int(accepted.sum())
        st.markdown(
            f"**{int(accepted.sum()):,} of {len(unmatched):,}** are accepted, which makes "
            f"**{both / read.eligible:.1%}** matched in all."
        )
        if method == "pg_trgm":
            st.caption("Trigrams compare with the highlight's own book only, in either scope.")
        ui.chart(charts.distances(fallen, threshold), fallen, "Bars of distances.", "fallback")
