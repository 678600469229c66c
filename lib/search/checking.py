"""Checks that a label's embedder is the model that made the label's stored vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lib.databases import embeddings, passages
from lib.databases.pools import Databases
from lib.databases.relations import Relations
from lib.databases.vectors import Matrix, Vectors
from lib.errors import EmbedderError
from lib.search.agreement import Agreement, Verdict, compare
from lib.search.embedders import MOST_CHARACTERS, Embedders
from lib.search.prefixes import documented_passage_prefixes
from lib.search.refusals import section
from lib.similarity.measure import draw_passages
from lib.similarity.ways import with_direction

PASSAGES = 12
# Enough that twelve of them have a text of their own that is not too long.
DRAWN = 60
SEED = 0


@dataclass(frozen=True)
class EmbedderCheck:
    """How stored passages, embedded again, agree with their stored vectors.

    `verdict`: "same", it is the model that made them; "similar", it is near to it; "different".
    `passages`, `cosine`, `others` and `closest` as in `lib.search.agreement.Agreement`.
    `prefix`: the one that, before each passage, makes them agree; None where none that was tried
    does. `prefix_in_use`: the one that is set, or documented for the model. `dimension` of both.
    """

    label: str
    verdict: Verdict
    passages: int
    cosine: float
    others: float
    closest: int
    prefix: str | None
    prefix_in_use: str
    dimension: int

    def sentence(self) -> str:
        """What it means for the results, and what to do about it, in a few plain sentences."""
        measured = (
            f"{self.passages} stored passages were embedded again: the median cosine with their "
            f"own vectors is {self.cosine:.3f}, with one another's {self.others:.2f}."
        )
        return f"{measured} {self._meaning()}"

    def _meaning(self) -> str:
        place = section(self.label)
        if self.verdict == "different":
            return (
                f"The embedder does not make the vectors stored under {self.label}, so what is "
                f"near to the question by them means nothing. Under {place}, set base_url and "
                "model to the model that made them; until then, rank by words."
            )
        if self.verdict == "similar":
            return (
                "The embedder is near to the model that made them, but not quite the same: "
                "another prefix, version or precision does that. Results are of use, and scores "
                "somewhat lower than they should be. If the endpoint tells queries from passages "
                f"by the name of the model, set passage_model under {place} and check again."
            )
        if self.prefix is not None and self.prefix != self.prefix_in_use:
            return (
                "The embedder is the model that made them, but the stored passages agree when "
                f"embedded {_with(self.prefix)}, not {_with(self.prefix_in_use)}. Under {place}, "
                f'set passage_prefix = "{self.prefix}", and a query_prefix that goes with it.'
            )
        astray = self.passages - self.closest
        if astray:
            return (
                f"The embedder is the model that made them, except that {astray} of "
                f"{self.passages} are nearest to another's vector: their label may lie, which the "
                "Alignment page looks for in all rows."
            )
        return "The embedder is the model that made them."


def _with(prefix: str) -> str:
    return f'with the prefix "{prefix}"' if prefix else "without a prefix"


async def check_embedder(
    databases: Databases,
    relations: Relations,
    embedders: Embedders,
    label: str,
    total: int | None = None,
) -> EmbedderCheck:
    """Embed some stored passages of a label again and compare with their stored vectors.

    The texts of twelve passages, the same ones each time, go to the embedder; where it is near to
    the stored vectors but not the same, a few times more, with each documented prefix. `total` is
    the number of vectors stored under the label, which is counted where it is not known. Raises
    EmbedderError where nothing can be compared, and a DatabaseError.
    """
    texts, stored = await _draw(databases, relations, label, total)
    in_use = embedders.prefixes(label).passage
    found = await _compare(embedders, label, texts, stored, in_use)
    prefix: str | None = in_use
    if found.verdict == "similar":
        prefix = None
        for other in documented_passage_prefixes():
            if other == in_use:
                continue
            again = await _compare(embedders, label, texts, stored, other)
            if again.verdict == "same":
                found, prefix = again, other
                break
    return EmbedderCheck(
        label=label,
        verdict=found.verdict,
        passages=found.passages,
        cosine=found.cosine,
        others=found.others,
        closest=found.closest,
        prefix=prefix if found.verdict == "same" else None,
        prefix_in_use=in_use,
        dimension=stored.shape[1],
    )


async def _compare(
    embedders: Embedders, label: str, texts: list[str], stored: Matrix, prefix: str
) -> Agreement:
    made = await embedders.embed_passages(label, texts, prefix)
    given, there = made.shape[1], stored.shape[1]
    if given != there:
        hint = f"This is another model: correct model under {section(label)}."
        if given > there:
            hint = (
                f"If the model can shorten its vectors, set dimensions = {there} under "
                f"{section(label)}; otherwise this is another model."
            )
        raise EmbedderError(
            f"The embedder of {label} makes vectors of {given} dimensions, and those stored have "
            f"{there}.",
            hint,
        )
    return compare(stored, made)


async def _draw(
    databases: Databases, relations: Relations, label: str, total: int | None
) -> tuple[list[str], Matrix]:
    """Texts of some passages from anywhere in the library, all different, and their vectors."""
    drawn = with_direction(await _draw_vectors(databases, relations, label, total))
    read = await passages.read_passages(databases, relations, drawn.ids)
    text_of = dict(zip(read["passage"], read["content"], strict=True))
    row_of: dict[str, int] = {}
    # Some ways of drawing give them in the order of their ids.
    for row in np.random.default_rng(SEED).permutation(len(drawn)):
        text = text_of.get(drawn.ids[row]) or ""
        if text.strip():
            row_of.setdefault(text, int(row))
    # Of a longer text only the beginning would be embedded.
    texts = sorted(row_of, key=lambda text: len(text) > MOST_CHARACTERS)[:PASSAGES]
    if len(texts) < 2:
        raise EmbedderError(
            f"Too few passages with a text and a vector under {label} to check its embedder by.",
            "Two with different texts are enough; see the Library page for what is stored.",
        )
    return texts, drawn.matrix[[row_of[text] for text in texts]]


async def _draw_vectors(
    databases: Databases, relations: Relations, label: str, total: int | None
) -> Vectors:
    if total is None:
        counts = await embeddings.count_by_model(databases, relations)
        total = int(counts.loc[counts["model"] == label, "embeddings"].sum())
    return await draw_passages(databases, relations, label, DRAWN, total, SEED)
