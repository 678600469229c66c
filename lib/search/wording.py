"""What a search found, and why no more, in sentences."""

from __future__ import annotations

from collections.abc import Callable

from lib.search.question import Question
from lib.search.rankings import WORDING, Ranking
from lib.search.results import ORDERS, Order

ORDER_WORDS: dict[Order, str] = {
    order: "all ways together" if order == "fused" else WORDING[order] for order in ORDERS
}

EXPLANATIONS: dict[Order, str] = {
    "fused": "The rankings by embedding, by exact words and by fuzzy words, fused by their "
    "reciprocal ranks: a passage that several of them have high comes first.",
    "embedding": "By what passages mean: the cosine similarity of their vectors with the "
    "question's.",
    "exact": "By the question's own words: the share of them that a passage holds, rare words and "
    "words side by side counting more. Of passages that hold as much, the shortest comes first.",
    "fuzzy": "By words spelt alike: the word similarity of trigrams, which forgives a misheard or "
    "misspelt word.",
}


def how_found(
    ranking: Ranking, question: Question, embedded: int, written: Callable[[str], str] = str
) -> str:
    """How one way found its passages and, where they are fewer than asked for, why.

    `embedded`: vectors under the question's model. `written`: how a name from the database is to be
    written, where the sentence is markup.
    """
    if ranking.failure is not None:
        return ""
    if ranking.way == "embedding":
        return f"{_searched(ranking, question, embedded, written)}{_fewer(ranking, question)}"
    where = " that the filter leaves" if question.within else ""
    if ranking.way == "exact":
        return "" if ranking.passages else f"Exact words: no passage{where} holds one of the words."
    if not ranking.passages:
        return f"Fuzzy words: no passage{where} has words that are spelt alike."
    return (
        f"Fuzzy words: {_counted(len(ranking.passages), 'passage')} with a word similarity of "
        f"{ranking.threshold:g} or more."
        if not ranking.truncated
        else ""
    )


def _searched(
    ranking: Ranking, question: Question, embedded: int, written: Callable[[str], str]
) -> str:
    model = written(str(question.model))
    among = f"{_counted(embedded, 'vector')} under {model}"
    if ranking.within is not None:
        among = f"those of {_counted(embedded, 'vector')} under {model} that the filter leaves"
    if ranking.index is None:
        return (
            f"Embedding: all of {among} were compared."
            if ranking.within is None
            else f"Embedding: {among} were all compared."
        )
    return (
        f"Embedding: {among} were searched by the vector index {written(ranking.index)}, which "
        "is fast and may miss a nearest passage."
    )


def _fewer(ranking: Ranking, question: Question) -> str:
    found = len(ranking.passages)
    if found >= question.most or ranking.truncated:
        return ""
    if ranking.within is None:
        return f" No more than {_counted(found, 'passage')} could be found."
    if found == ranking.within:
        return f" The filter leaves {_counted(found, 'passage')}, and all of them are here."
    return (
        f" The filter leaves {_counted(ranking.within, 'passage')}, of which {found:,} "
        f"{'has' if found == 1 else 'have'} a vector under this model, and all of these are here."
    )


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
