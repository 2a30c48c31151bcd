# make demo    set up, then crawl the bundled sample without network
# make test    set up, then lint and test
# make crawl   set up, then crawl WeChat
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo crawl test lint format clean

demo: $(VENV)/.installed
	$(BIN)/scrapy demo

crawl: $(VENV)/.installed
	$(BIN)/scrapy crawl weekly

test: $(VENV)/.installed-dev lint
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.installed-dev: requirements-dev.txt requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@ $(VENV)/.installed
