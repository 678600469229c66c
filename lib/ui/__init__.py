"""Everything that Concordance needs of Streamlit; nothing else in `lib` imports it.

`frame` draws what surrounds every page, `asking` runs the queries of `lib`, `cards` and `passages`
show what came of them.
"""

from lib.ui.asking import Counted, ask, derive, embed, examine, limits
from lib.ui.cards import (
    card,
    chart,
    document,
    download,
    escape,
    model_order,
    nothing,
    show_error,
    state_badge,
)
from lib.ui.frame import ICON, ensure_frame, navigation, run_page
from lib.ui.passages import choose_highlight, show_passage, side_by_side

__all__ = [
    "ICON",
    "Counted",
    "ask",
    "card",
    "chart",
    "choose_highlight",
    "derive",
    "document",
    "download",
    "embed",
    "ensure_frame",
    "escape",
    "examine",
    "limits",
    "model_order",
    "navigation",
    "nothing",
    "run_page",
    "show_error",
    "show_passage",
    "side_by_side",
    "state_badge",
]
