"""The cursor in a text box as soon as the page opens."""

from __future__ import annotations

import streamlit as st

# Streamlit has no option for it. Once for each opening, only while nothing else has the focus, and
# not where it would bring up a keyboard on the screen.
SCRIPT = """
export default function ({ data, parentElement }) {
  const place = parentElement.host ?? parentElement;
  if (place.dataset.done || window.matchMedia('(pointer: coarse)').matches) return;
  place.dataset.done = 'yes';
  let tries = 60;
  const timer = setInterval(() => {
    const box = document.querySelector(`input[aria-label="${data.label}"]`);
    if (box && document.activeElement === document.body) box.focus({ preventScroll: true });
    if (box || --tries === 0) clearInterval(timer);
  }, 50);
  return () => clearInterval(timer);
}
"""

_focus = st.components.v2.component("concordance_focus", js=SCRIPT)


def focus(label: str) -> None:
    """Put the cursor into the text box of this label when the page opens."""
    _focus(key=f"focus-{label}", data={"label": label}, width="content", height="content")
