"""Everything that Concordance needs of Streamlit; nothing else in `lib` imports it.

`frame` draws what surrounds every page, `asking` runs the queries of `lib`, `cards` and `passages`
show what came of them. The sections of the Matches page that have controls of their own are in
`orders`, `fallbacks`, `finding` and `explanations`, those of the Scores page in `scored`,
`thresholds` and `side_by_side`, those of the Alignment page in `judged`, `suspected` and `lacking`.
"""

from lib.ui.asking import Counted, ask, derive, embed, examine, limits
from lib.ui.cards import (
    card,
    chart,
    choosing_chart,
    document,
    download,
    escape,
    model_order,
    nothing,
    show_error,
    state_badge,
)
from lib.ui.fallbacks import choose_fallback
from lib.ui.finding import browse_highlights
from lib.ui.frame import ICON, ensure_frame, navigation, run_page
from lib.ui.judged import rows_to_judge, show_figures, show_what_was_read
from lib.ui.lacking import show_faults, show_unanswerable
from lib.ui.matched import Matched
from lib.ui.orders import show_pairs, show_trial
from lib.ui.passages import choose_highlight, show_passage
from lib.ui.scored import Scored, show_summary
from lib.ui.side_by_side import measured, show_side_by_side
from lib.ui.suspected import show_suspects, show_unlabelled
from lib.ui.thresholds import explore_scores

__all__ = [
    "ICON",
    "Counted",
    "Matched",
    "Scored",
    "ask",
    "browse_highlights",
    "card",
    "chart",
    "choose_fallback",
    "choose_highlight",
    "choosing_chart",
    "derive",
    "document",
    "download",
    "embed",
    "ensure_frame",
    "escape",
    "examine",
    "explore_scores",
    "limits",
    "measured",
    "model_order",
    "navigation",
    "nothing",
    "rows_to_judge",
    "run_page",
    "show_error",
    "show_faults",
    "show_figures",
    "show_pairs",
    "show_passage",
    "show_side_by_side",
    "show_summary",
    "show_suspects",
    "show_trial",
    "show_unanswerable",
    "show_unlabelled",
    "show_what_was_read",
    "state_badge",
]
