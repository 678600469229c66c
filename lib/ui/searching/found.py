"""What was found: a list of passages, page by page, or one list for each way of ranking."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from lib import markup
from lib.databases import passages as passage_queries
from lib.databases import reading
from lib.errors import ConcordanceError, ExtensionMissing
from lib.markup import name
from lib.names import EMPTY, TITLE_CHARACTERS, slug
from lib.search import exact, results, wording
from lib.search.exact import Vocabulary
from lib.search.marking import MOST_SHOWN, excerpt
from lib.search.question import Question
from lib.search.rankings import WAYS, Ranking
from lib.search.results import Order, Results
from lib.similarity import measure
from lib.ui.asking import ask
from lib.ui.cards import download, escape, nothing, show_error
from lib.ui.login import fragment
from lib.ui.passages import percentile

ON_A_PAGE = 10
AROUND = 2
# E up to which a first result is rarely chance: in one search of ten, if nothing is to be found.
RARE = 0.1

WORTH = (
    "Percentile: the share of random pairs under this model that score lower. By chance: how many "
    "unrelated passages of this library are expected to score as high in one search or, below one, "
    "in how many searches there is one. Grey: the rank that each way of ranking gives."
)


@dataclass(frozen=True, eq=False)
class Found:
    """The results of one question, their scores calibrated among `embedded` vectors."""

    question: Question
    results: Results
    embedded: int
    vocabulary: Vocabulary


def find(question: Question, embedded: int) -> Found:
    """Ask a question; `embedded`: vectors under its model."""
    total = ask(passage_queries.count_passages)
    vocabulary = ask(exact.read_vocabulary, total)
    found = ask(
        results.search,
        question,
        vocabulary,
        embedded,
        key=question.key,
        stale=lambda remembered: remembered.stale,
    )
    model = question.model
    if question.vector is not None and model is not None and len(found.rows):
        try:
            background = ask(measure.measure_background, model, model, embedded)
        except ConcordanceError as error:
            # What was found is of use without knowing what its scores are worth.
            show_error(error)
        else:
            rows = results.calibrated(found.rows, background, embedded)
            found = replace(found, rows=rows)
    return Found(question, found, embedded, vocabulary)


def explain(found: Found, order: Order) -> None:
    """How the passages were found, and what went wrong on the way."""
    rankings = found.results.rankings
    shown = [r for way, r in rankings.items() if order in {"fused", way}]
    for ranking in shown:
        show_failure(ranking)
    sentences = [
        wording.how_found(ranking, found.question, found.embedded, name) for ranking in shown
    ]
    slowest = max((ranking.seconds for ranking in shown), default=0.0)
    took = f"{slowest:.2f} s in the database." if slowest else ""
    st.caption(" ".join(filter(None, [wording.EXPLANATIONS[order], *sentences, took])), help=WORTH)


def show_failure(ranking: Ranking) -> None:
    """What went wrong with one way; in grey where it only is not to be had here."""
    if isinstance(ranking.failure, ExtensionMissing):
        st.caption(escape(f"{ranking.failure.message} {ranking.failure.hint}"))
    elif ranking.failure is not None:
        show_error(ranking.failure)


@fragment
def show_list(found: Found, order: Order, most: int) -> None:
    """The `most` best passages in one order, a page at a time."""
    question = found.question
    rows = found.results.ordered(order, most)
    if rows.empty:
        nothing("No passage was found.", "Try other words, another way of ranking or more books.")
        return
    start = start_of_page((question.key, order), len(rows))
    for number, row in enumerate(
        rows.iloc[start : start + ON_A_PAGE].itertuples(), start=start + 1
    ):
        ranks = [
            f":gray-badge[{way} {int(getattr(row, way))}]"
            for way in WAYS
            if order in {"fused", way} and getattr(row, way) == getattr(row, way)
        ]
        show_result(number, row, found, question.text, ranks)
    with st.container(horizontal=True, vertical_alignment="center"):
        show_pages(len(rows))
        st.caption(_how_many(found, order, len(rows)), width="content")
        download(rows.drop(columns="at_floor", errors="ignore"), "search")


def _how_many(found: Found, order: Order, shown: int) -> str:
    ranked = int(found.results.rows[order].notna().sum())
    truncated = any(
        ranking.truncated
        for way, ranking in found.results.rankings.items()
        if order in {"fused", way}
    )
    passages = f"{shown:,} passages" if shown != 1 else "1 passage"
    return f"{passages}; there are more" if truncated or ranked > shown else passages


def show_pages(rows: int) -> None:
    """The control that turns the pages of so many rows, where there are more than one."""
    if rows > ON_A_PAGE:
        st.pagination(-(-rows // ON_A_PAGE), key="page", bind="query-params")


def start_of_page(shown: tuple[Any, ...], rows: int) -> int:
    """The index of the first row of the page that is open; another question begins at the first.

    `shown` names what is shown.
    """
    key = (shown, rows)
    if st.session_state.get("page-of", key) != key:
        st.session_state["page"] = 1
    st.session_state["page-of"] = key
    pages = max(1, -(-rows // ON_A_PAGE))
    page = st.session_state.get("page") or _page_of_address()
    return (min(max(int(page), 1), pages) - 1) * ON_A_PAGE


def _page_of_address() -> int:
    given = st.query_params.get("page", "1")
    return int(given) if given.isdecimal() and len(given) < 6 else 1


def show_result(
    number: int, row: Any, found: Found, text: str, ranks: list[str], among: str = ""
) -> None:
    """One passage: where it stands, what its score is worth, its ranks as badges, and its words.

    The words of `text` are marked; `among` tells lists apart in which a passage may stand twice.
    """
    head = f"**{number}. {_place(row)}** {_worth(row)} {' '.join(ranks)}"
    # Few elements, as a browser takes its time for each.
    with st.container(border=True, gap="xsmall"):
        st.markdown("\n\n".join([head, *_paragraphs(row, text, found)]))
        with st.container(horizontal=True, gap="small"):
            _show_actions(row, among)


def _worth(row: Any) -> str:
    """The score of a row, and its percentile and E where there is a background, as Markdown."""
    if row.score != row.score:
        return ""
    badges = f":gray-badge[score {row.score:.3f}]"
    if not hasattr(row, "percentile") or row.percentile != row.percentile:
        return badges
    colour = "green" if row.expected <= RARE else "orange" if row.expected >= 1 else "gray"
    return (
        f"{badges} :blue-badge[percentile {percentile(row.percentile)}] "
        f":{colour}-badge[by chance: {row.chance}]"
    )


def _place(row: Any) -> str:
    """The book and the chapter of a row, as Markdown."""
    chapter = f", chapter {name(row.chapter)}" if isinstance(row.chapter, str) else ""
    title = row.title if isinstance(row.title, str) else "unknown book"
    return f"{name(title, TITLE_CHARACTERS)}{chapter}"


def _paragraphs(row: Any, text: str, found: Found) -> list[str]:
    """The passage of a row as Markdown, between its neighbours where these were asked for.

    The words of `text` are marked.
    """
    shown = excerpt(text, _text(row.content), found.vocabulary)
    before, after = "… " if shown.cut_before else "", " …" if shown.cut_after else ""
    marked = markup.mark(shown.text, shown.words) or f":gray[{EMPTY}]"
    paragraphs = [f"{before}{marked}{after}"]
    if str(row.passage) not in st.session_state.get("context", ()):
        return paragraphs
    around = ask(reading.read_around, row.passage, AROUND)
    if around.empty:
        return [*paragraphs, ":gray[Nothing is known to stand before or after it in a book.]"]
    before_it = [_end_of(text) for text in around.loc[around["side"] == "before", "content"]]
    after_it = [_beginning_of(text) for text in around.loc[around["side"] == "after", "content"]]
    return [
        *(before_it or [":gray[The book begins here.]"]),
        *paragraphs,
        *(after_it or [":gray[The book ends here.]"]),
    ]


def _end_of(content: Any) -> str:
    shown = _text(content)[-MOST_SHOWN:]
    return f":gray[{'… ' if shown != _text(content) else ''}{escape(shown) or '–'}]"


def _beginning_of(content: Any) -> str:
    shown = _text(content)[:MOST_SHOWN]
    return f":gray[{escape(shown) or '–'}{' …' if shown != _text(content) else ''}]"


def _text(content: Any) -> str:
    return content if isinstance(content, str) else ""


def _show_actions(row: Any, among: str) -> None:
    identifier = str(row.passage)
    is_open = identifier in st.session_state.get("context", ())
    st.button(
        "Hide what is around it" if is_open else "Before and after",
        icon=":material/unfold_less:" if is_open else ":material/unfold_more:",
        type="tertiary",
        key=f"around-{slug(among, identifier)}",
        on_click=_toggle_context,
        args=(identifier,),
    )
    if st.button(
        "More like this",
        icon=":material/search:",
        type="tertiary",
        key=f"like-{slug(among, identifier)}",
        on_click=_ask_with_passage,
        args=(identifier,),
    ):
        # What is asked stands outside of the list, which alone has run.
        st.rerun()


def _toggle_context(identifier: str) -> None:
    st.session_state["context"] = set(st.session_state.get("context", ())) ^ {identifier}


def _ask_with_passage(identifier: str) -> None:
    if st.session_state.get("ask") == "a passage":
        st.session_state["passage"] = identifier
        return
    st.session_state["ask"] = "a passage"
    # Its box is not there yet: it takes its value from the address.
    st.query_params["passage"] = identifier
