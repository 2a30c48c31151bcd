# make demo    set up, then crawl the bundled sample without network
# make test    set up, with the packages of the system that are missing, then lint and test
# make crawl   set up, then crawl WeChat
# make scrapyd set up with Scrapyd (docs/deploy.md)
# make deploy  pack the project and give it to Scrapyd: SCRAPYD_PASSWORD=..., SCRAPYD_URL=http://127.0.0.1:6800/
# make docs    write the JSON Schema, the tables of docs/data.md and docs/export.md and the metadata for Datasette, after a change of the model or its tables
# make pictures  take the screenshots of README and docs again, after a change of what they show
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export SCRAPYD_URL ?= http://127.0.0.1:6800/

.PHONY: demo crawl scrapyd deploy docs pictures test system-packages lint format clean
# The virtual environment may need a package of the system.
.NOTPARALLEL: test

demo: $(VENV)/.installed
	$(BIN)/scrapy demo

crawl: $(VENV)/.installed
	$(BIN)/scrapy crawl weekly

scrapyd: $(VENV)/.installed-scrapyd

# Scrapyd refuses with HTTP status 200, which is success to scrapyd-deploy.
deploy: $(VENV)/.installed-scrapyd
	@test -n "$$SCRAPYD_PASSWORD" || { echo "make deploy: SCRAPYD_PASSWORD is not set" >&2; exit 2; }
	no_proxy='*' $(BIN)/scrapyd-deploy $(TARGET) | tee /dev/stderr | grep '"status": "ok"' >/dev/null

docs: $(VENV)/.installed
	$(BIN)/python -m tools.write_docs

pictures: $(VENV)/.installed-dev
	$(BIN)/python tools/take_screenshots.py

test: system-packages lint
	$(BIN)/python -m pytest -n auto --dist worksteal

# Chromium, fonts and others where this user may install them (Debian, Ubuntu), else a line that says what is missing.
system-packages:
	@$(PYTHON) -m tests.system_packages

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

# Without Debian's python3-venv there is a bin/python afterwards, but no pip.
$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.installed-scrapyd: requirements.txt deploy/requirements.txt | $(VENV)/bin/pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r deploy/requirements.txt
	touch $@ $(VENV)/.installed

$(VENV)/.installed-dev: requirements-dev.txt requirements.txt requirements-alerts.txt requirements-ocr.txt requirements-tables.txt deploy/requirements.txt | $(VENV)/bin/pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@ $(VENV)/.installed
