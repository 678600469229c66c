"""How well are highlights found in the books, and by which order of trying?"""

import streamlit as st

from lib import charts, ui
from lib.databases import books, passages
from lib.matching import claims, study, trial
from lib.matching.orders import BUDGETS
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
matched = ui.Matched((*key, scope), found, read, scope, ui.ask(books.read_books), total)

if read.highlights == 0:
    ui.nothing("There are no highlights.", "Map relations.highlights to the table that has them.")
    st.stop()
if read.eligible == 0:
    ui.nothing(
        f"All {read.highlights:,} highlights are shorter than {size} words.",
        "Choose fewer words in a window.",
    )
    st.stop()

by_any = int(read.matched.sum())
with st.grid(4, min_column_width=180):
    st.metric("Matched by any window", f"{by_any / read.eligible:.1%}", border=True)
    for order in ("middle_out", "edge_first", "spread"):
        row = claims.order_at_budget(read, order, budget)
        st.metric(
            f"{charts.ORDER_TITLES[order].capitalize()}, budget {budget}",
            f"{row['rate']:.1%}",
            border=True,
            help=f"95% interval {row['low']:.1%} to {row['high']:.1%}",
        )
st.caption(
    f"{by_any:,} of {read.eligible:,} highlights{claims.any_window_in_words(read)}; "
    f"{int(read.too_short.sum()):,} of {read.highlights:,} are too short to be tried."
)

with ui.card(
    "A claim on trial",
    "“Whisper drifts at the edges of a recording: start there and you lose about 30%.” So says who "
    "built the first of these searches. This is what your highlights say.",
):
    ui.show_trial(ui.derive(trial.put_on_trial, (*matched.key, budget), read, budget), read)

left, right = st.columns(2)
with (
    left,
    ui.card(
        "Match rate by budget",
        "Bands are 95% intervals. Without a budget every order matches the same: the dotted line.",
    ),
):
    ui.chart(
        ui.finished(
            charts.rate_by_budget, read.by_budget, read.random_order, by_any / read.eligible
        ),
        read.by_budget,
        "Lines of the match rate of four orders and of random order against the budget.",
        "match-rates",
    )
    middle = claims.order_at_budget(read, "middle_out", budget)
    said = claims.books_in_words(*middle[["low", "high", "book_low", "book_high"]])
    st.markdown(f"Books cluster highlights. {said}")
with (
    right,
    ui.card(
        "Hit rate by position",
        "If recordings were heard worse at their edges, the line would fall at both ends.",
    ),
):
    ui.chart(
        ui.finished(charts.rate_by_position, read.by_position),
        read.by_position,
        "Line of the share of windows that hit, by position in the highlight, with intervals.",
        "hit-positions",
    )
    st.markdown(claims.edge_drift_in_words(read.drift))

with ui.card(
    "Orders compared",
    f"Every pair of orders on the same highlights, at a budget of {budget}. Attempts are compared "
    "where both hit.",
):
    ui.show_pairs(read, budget)

with ui.card(
    "Fallback",
    "For highlights that no window finds: the nearest passage by the whole highlight. It takes a "
    "while, so it runs when asked.",
):
    fallen, threshold = ui.choose_fallback(matched)

ui.browse_highlights(matched, fallen, threshold, budget)
