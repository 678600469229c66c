PORT ?= 8501
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run doctor test lint format benchmarks screenshots clean

# A stamp per requirements file, so that a second run installs nothing.
$(VENV)/run.stamp: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/dev.stamp: requirements-dev.txt requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@ $(VENV)/run.stamp

# Each run of a page is a thread, and glibc would keep freed memory apart for each of them.
run: $(VENV)/run.stamp
	@MALLOC_ARENA_MAX=2 exec $(BIN)/python -m streamlit run app.py --server.address 127.0.0.1 --server.port $(PORT)

doctor: $(VENV)/run.stamp
	@$(BIN)/python -m lib doctor

test: $(VENV)/dev.stamp
	$(BIN)/python scripts/ensure_browser.py
	$(BIN)/python scripts/ensure_servers.py
	$(BIN)/python -m pytest

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

benchmarks: $(VENV)/dev.stamp
	$(BIN)/python benchmarks/matching.py
	$(BIN)/python benchmarks/vectors.py
	$(BIN)/python benchmarks/fallback.py times
	$(BIN)/python benchmarks/search.py
	$(BIN)/python benchmarks/pages.py
	$(BIN)/python benchmarks/mismatch.py
	$(BIN)/python benchmarks/alignment_page.py
	$(BIN)/python benchmarks/load.py

screenshots: $(VENV)/dev.stamp
	$(BIN)/python scripts/ensure_browser.py
	$(BIN)/python scripts/screenshots.py

clean:
	-$(BIN)/python -m lib demo --stop
	rm -rf $(VENV) .demo .browser
