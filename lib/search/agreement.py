"""Whether an embedder is the model that made some stored vectors, judged by the same texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from lib.databases.vectors import Matrix
from lib.similarity.scores import unit

Verdict = Literal["same", "similar", "different"]

SAME, SIMILAR = 0.95, 0.3


@dataclass(frozen=True)
class Agreement:
    """How vectors made now agree with the stored vectors of the same `passages` texts.

    `cosine`: the median cosine of a vector made now with its own stored one. `others`: the median
    with those of the other texts; NaN for one text. `closest`: for how many texts the own stored
    vector is the nearest of all.
    """

    passages: int
    cosine: float
    others: float
    closest: int

    @property
    def closeness(self) -> float:
        """0 where a text's own vector is no nearer than others, 1 where it is the very same.

        A raw cosine says little: those of unrelated texts are about 0 under one model and .83
        under another.
        """
        room = 1 - self.others
        return (self.cosine - self.others) / room if room > 1e-6 else 0.0

    @property
    def verdict(self) -> Verdict:
        """The judgement, from medians, so that a few rows whose label lies do not sway it.

        Set from measurements on twelve of 600 verses of the King James text, drawn 2,000 times;
        closeness from its lowest to its highest, and `closest` of twelve:

        ========================================== ============ ========
        stored, and made now                       closeness    closest
        ========================================== ============ ========
        the same, or rounded to 16 or 8 bits       1.00         12
        the same, but three of twelve labels lie   1.00         9
        e5, its prefix written twice               .98 to .99   12
        e5, the last fifth of the texts cut off    .71 to .93   12
        e5, `passage: ` and `query: `              .64 to .89   12
        the same, but two of twelve labels lie     .63 to .89   10
        e5, another family's prefix added          .59 to .93   12
        e5, the second half of the texts cut off   .52 to .79   10 to 12
        e5 and MiniLM                              −.03 to .04  0 to 4
        the demo's two models                      −.08 to .08  0 to 5
        ========================================== ============ ========

        e5 is multilingual-e5-small, MiniLM is all-MiniLM-L6-v2. Of a model and its own fine-tune
        nothing could be measured.
        """
        if self.closeness < SIMILAR or 2 * self.closest < self.passages:
            return "different"
        return "same" if self.closeness >= SAME else "similar"


def compare(stored: Matrix, made: Matrix) -> Agreement:
    """Row by row, two matrices of one shape, at least one row each."""
    cosines = unit(made) @ unit(stored).T
    own = np.diagonal(cosines)
    apart = cosines[~np.eye(len(cosines), dtype=bool)]
    return Agreement(
        passages=len(cosines),
        cosine=float(np.median(own)),
        others=float(np.median(apart)) if len(apart) else float("nan"),
        closest=int((cosines.argmax(axis=1) == np.arange(len(cosines))).sum()),
    )
