"""Everything that Concordance needs of Streamlit; nothing else in `lib` imports it.

`frame` draws what surrounds every page, `login` keeps out whom it must, `turns` lets one script run
at a time, `asking` runs the queries of `lib`, `remembering` keeps what they answered, `drawings`
the charts, and `cards`, `tables` and `passages` show what came of them. The sections of the Matches
page that have controls of their own are in `orders`, `fallbacks`, `finding` and `explanations`,
those of the Scores page in `scored`, `thresholds` and `side_by_side`, those of the Alignment page
in `judged`, `suspected` and `lacking`, those of the Search page in the package `searching`, those
of the Connect page in the package `connecting`.
"""

from lib.markup import name
from lib.names import readable, slug
from lib.ui.asking import Counted, ask, derive, examine, limits
from lib.ui.cards import (
    card,
    chart,
    choosing_chart,
    document,
    download,
    escape,
    figure,
    model_order,
    nothing,
    show_error,
    state_badge,
)
from lib.ui.connecting.failing import show_connecting, show_state
from lib.ui.connecting.finding import find_tables
from lib.ui.connecting.role import show_role
from lib.ui.connecting.steps import ROLE_TAB
from lib.ui.connecting.warning import warn_of_privileges
from lib.ui.drawings import finished
from lib.ui.fallbacks import choose_fallback
from lib.ui.finding import browse_highlights
from lib.ui.frame import ICON, ensure_frame, navigation, run_page
from lib.ui.judged import rows_to_judge, show_figures, show_verdicts, show_what_was_read
from lib.ui.lacking import show_coverage, show_faults, show_unanswerable
from lib.ui.matched import Matched
from lib.ui.orders import show_pairs, show_trial
from lib.ui.passages import choose_highlight
from lib.ui.scored import Scored, show_summary
from lib.ui.searching.asked import Asked, choose_question
from lib.ui.searching.beside import show_models, show_ways
from lib.ui.searching.embedded import choose_model, explain_no_model, models_for, vector_of
from lib.ui.searching.found import Found, explain, find, show_list
from lib.ui.searching.index_recall import show_index_recall
from lib.ui.searching.where import choose_where
from lib.ui.side_by_side import measured, show_side_by_side
from lib.ui.suspected import show_suspects, show_unlabelled
from lib.ui.tables import choose, left_out, table
from lib.ui.thresholds import explore_scores
from lib.ui.turns import in_turn

__all__ = [
    "ICON",
    "ROLE_TAB",
    "Asked",
    "Counted",
    "Found",
    "Matched",
    "Scored",
    "ask",
    "browse_highlights",
    "card",
    "chart",
    "choose",
    "choose_fallback",
    "choose_highlight",
    "choose_model",
    "choose_question",
    "choose_where",
    "choosing_chart",
    "derive",
    "document",
    "download",
    "ensure_frame",
    "escape",
    "examine",
    "explain",
    "explain_no_model",
    "explore_scores",
    "figure",
    "find",
    "find_tables",
    "finished",
    "in_turn",
    "left_out",
    "limits",
    "measured",
    "model_order",
    "models_for",
    "name",
    "navigation",
    "nothing",
    "readable",
    "rows_to_judge",
    "run_page",
    "show_connecting",
    "show_coverage",
    "show_error",
    "show_faults",
    "show_figures",
    "show_index_recall",
    "show_list",
    "show_models",
    "show_pairs",
    "show_role",
    "show_side_by_side",
    "show_state",
    "show_summary",
    "show_suspects",
    "show_trial",
    "show_unanswerable",
    "show_unlabelled",
    "show_verdicts",
    "show_ways",
    "show_what_was_read",
    "slug",
    "state_badge",
    "table",
    "vector_of",
    "warn_of_privileges",
]
