"""The frame of every page: navigation, the state of both connections, and the demo notice."""

import streamlit as st

from lib import ui

st.set_page_config(page_title="Concordance", page_icon=str(ui.ICON), layout="wide")

with ui.in_turn():
    page = ui.navigation()
    ui.run_page(page)
