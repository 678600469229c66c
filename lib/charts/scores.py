"""Charts of scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from lib.charts.colours import COLOURS, GREY, HEIGHT, Drawing, fixed_colour
from lib.similarity.scores import RANDOM_PAIRS

DASHES = [[1, 0], [6, 4]]
PANEL_HEIGHT = 170
AXIS = "Cosine similarity (−1 to 1)"
HEIGHTS = {"ECDF": ("Share at or below", "%"), "histogram": ("Density", "~g")}
DENSITY = ("Density (each area is 1)", "~g")
# Unlike any model, on light and on dark.
RULE = "#D1495B"

# The name of the selection that a brush over the scores makes.
BRUSH = "brush"


def distributions(
    frame: pd.DataFrame,
    model: str,
    models: Sequence[str],
    shape: str,
    threshold: float | None = None,
    chosen: tuple[float, float] | None = None,
) -> Drawing:
    """Score distributions over each other; a brush along the axis chooses a range of scores.

    `frame` as of `lib.similarity.distributions.distribution`, of the same `shape`. The nearest
    passages have the colour of `model`, whose place in `models` decides it, the random pairs are
    grey. A rule stands at the threshold, a band lies under the range that is chosen.
    """
    marks = _marks(frame, model, models, shape)
    brush = alt.selection_interval(
        name=BRUSH, encodings=["x"], mark=alt.BrushConfig(fill=GREY, fillOpacity=0.18)
    )
    marks[-1] = marks[-1].add_params(brush)
    band = _band(chosen)
    return alt.layer(band, *marks, *_rule(threshold)).properties(height=HEIGHT)


def panel(
    frame: pd.DataFrame,
    model: str,
    models: Sequence[str],
    shape: str,
    domain: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """The same, small, without legend, brush and rule: one of several beside each other.

    A drawing without its data, which serves for any frame with the series of this one: writing a
    drawing takes longer than all else about it. `domain` is that of the axis of scores, where
    several panels share it.
    """
    marks = _marks(frame, model, models, shape, domain, compact=True)
    drawing: dict[str, Any] = alt.layer(*marks).properties(height=PANEL_HEIGHT).to_dict()
    return {key: value for key, value in drawing.items() if key not in ("data", "datasets")}


def _marks(
    frame: pd.DataFrame,
    model: str,
    models: Sequence[str],
    shape: str,
    domain: tuple[float, float] | None = None,
    compact: bool = False,
) -> list[alt.Chart]:
    colour = COLOURS[list(models).index(model) % len(COLOURS)] if model in models else COLOURS[0]
    names = list(dict.fromkeys(frame["series"]))
    nearest = [name for name in names if name != RANDOM_PAIRS]
    order = [*nearest, RANDOM_PAIRS]
    title, number = HEIGHTS.get(shape, DENSITY)
    scale = alt.Scale(domain=list(domain), nice=False) if domain else alt.Scale(zero=False)
    axis = alt.Axis(tickCount=5) if compact else alt.Axis()
    colours = fixed_colour("series", order, [*_tones(colour, len(nearest)), GREY])
    # Both scales must have the same legend, or each draws one of its own.
    legend = (
        None
        if compact
        else alt.Legend(
            title=None,
            orient="top",
            labelLimit=320,
            columns=2,
            symbolOpacity=1,
            symbolType="square" if shape == "histogram" else "stroke",
            symbolStrokeWidth=3,
        )
    )
    base = alt.Chart(frame).encode(
        color=colours.legend(legend),
        y=alt.Y(
            "height:Q",
            title=None if compact else title,
            stack=None,
            axis=alt.Axis(format=number, tickCount=3 if compact else 5),
        ),
        tooltip=[
            alt.Tooltip("series:N", title="Scores of"),
            alt.Tooltip("left:Q", title="From", format=".3f"),
            alt.Tooltip("right:Q", title="To", format=".3f"),
            alt.Tooltip("height:Q", title=title, format=".1%" if shape == "ECDF" else ".2f"),
        ],
    )
    x = alt.X("score:Q", title=None if compact else AXIS, scale=scale, axis=axis)
    if shape == "histogram":
        left = alt.X(
            "left:Q", title=None if compact else AXIS, scale=scale, axis=axis, bin="binned"
        )
        return [base.mark_bar(opacity=0.5, binSpacing=0).encode(x=left, x2="right:Q")]
    dashes = alt.StrokeDash(
        "series:N",
        scale=alt.Scale(domain=order, range=[*DASHES[: len(nearest)], [1, 0]]),
        legend=legend,
    )
    line = base.mark_line(strokeWidth=2, interpolate="monotone").encode(x=x, strokeDash=dashes)
    if shape == "ECDF":
        return [line]
    return [base.mark_area(opacity=0.22, interpolate="monotone").encode(x=x), line]


def _band(chosen: tuple[float, float] | None) -> alt.Chart:
    """A band under the range that is chosen; drawn without rows where none is."""
    rows = [{"low": chosen[0], "high": chosen[1]}] if chosen else []
    data = pd.DataFrame(rows, columns=["low", "high"], dtype=float)
    band: alt.Chart = alt.Chart(data).mark_rect(color=GREY, opacity=0.16)
    return band.encode(x=alt.X("low:Q"), x2="high:Q")


def _rule(threshold: float | None) -> list[alt.Chart]:
    if threshold is None:
        return []
    data = pd.DataFrame({"threshold": [threshold], "words": [f"threshold {threshold:.3f}"]})
    base = alt.Chart(data).encode(x=alt.X("threshold:Q"))
    rule = base.mark_rule(strokeDash=[4, 3], strokeWidth=1.5, color=RULE).encode(
        tooltip=[alt.Tooltip("threshold:Q", title="Threshold", format=".3f")]
    )
    # Above the plot, where no curve runs through the words.
    text = base.mark_text(baseline="bottom", fontSize=12, color=RULE)
    return [rule, text.encode(text="words:N", y=alt.value(-3))]


def _tones(colour: str, count: int) -> list[str]:
    """A colour and paler ones of its hue, halfway to grey each time."""
    tones = [colour]
    while len(tones) < count:
        mixed = zip(bytes.fromhex(tones[-1][1:]), bytes.fromhex("BFC6CE"), strict=True)
        tones.append("#" + bytes((a + b) // 2 for a, b in mixed).hex())
    return tones[:count]
