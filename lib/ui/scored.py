"""What the sections of the Scores page share: one measured pair of labels, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from lib.names import slug
from lib.similarity.distributions import distribution, series_of_pair
from lib.similarity.measure import PairScores
from lib.ui.asking import derive
from lib.ui.tables import table

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Scored:
    """A measured pair; `models` in colour order, `k` and `shape` as chosen, `titles` of books."""

    pair: PairScores
    models: list[str]
    k: int
    shape: str
    titles: pd.DataFrame

    @property
    def key(self) -> Key:
        """What names the measurement."""
        return (self.pair.highlight_model, self.pair.passage_model)

    @property
    def name(self) -> str:
        """The pair as part of the key of a widget: what is set for one pair is not for another."""
        return slug(self.pair.highlight_model, self.pair.passage_model)

    def drawn(self) -> pd.DataFrame:
        """The distributions as the charts draw them, in the shape chosen."""
        return derive(_drawn, (*self.key, self.k, self.shape), self.pair, self.k, self.shape)


def _drawn(pair: PairScores, k: int, shape: str) -> pd.DataFrame:
    return distribution(series_of_pair(pair.scores, pair.background.scores, k), shape)


def show_summary(summary: pd.DataFrame) -> None:
    """The distributions in figures; `summary` as of `describe_pair`."""
    table(
        summary,
        "Number, mean, spread, percentiles, separation and overlap of each distribution",
        "score-summary",
        placeholder="–",
        column_config={
            "series": "Scores of",
            "n": st.column_config.NumberColumn("Number", format="localized"),
            "mean": st.column_config.NumberColumn("Mean", format="%.3f"),
            "sd": st.column_config.NumberColumn("Standard deviation", format="%.3f"),
            "p50": st.column_config.NumberColumn("Median", format="%.3f"),
            "p95": st.column_config.NumberColumn("95th percentile", format="%.3f"),
            "p99": st.column_config.NumberColumn("99th percentile", format="%.3f"),
            "separation": st.column_config.NumberColumn("Separation", format="%.4f"),
            "low": st.column_config.NumberColumn("95% from", format="%.4f"),
            "high": st.column_config.NumberColumn("to", format="%.4f"),
            "overlap": st.column_config.NumberColumn("Overlap", format="percent"),
        },
    )
