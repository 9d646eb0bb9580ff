# Enlace. `make demo` shows it, `make test` proves it, `make check` is what CI runs.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
CHROMIUM ?= /usr/bin/chromium
ONLY ?=

.PHONY: help demo test check dev bench setup setup-dev browser format lint types imports addon i18n i18n-compile lock pictures clean

help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: setup ## Show the whole product with an emulated Gmail; no account, no question
	$(BIN)/enlace demo

test: setup-dev browser ## Run the whole suite: both databases, the browser, the add-on
	npm run --silent test:addon
	WHOLE_SUITE=1 $(BIN)/pytest -n 2 --dist worksteal tests

check: setup-dev ## Everything that CI asks for
	$(MAKE) --no-print-directory -j2 -Otarget format-check lint types imports addon
	$(MAKE) --no-print-directory test

dev: setup-dev ## The demo with the reloader's patience: restart it after a change
	$(BIN)/enlace demo --port 8080

bench: setup-dev ## Measure: one JSON line a figure; ONLY=name for one of them
	$(BIN)/python -m bench $(ONLY)

# Setting up: each stamp says which lock file was installed.

setup: .setup/python .setup/node i18n-compile

setup-dev: setup .setup/python-dev .setup/node-dev

.setup/python: requirements.lock pyproject.toml
	@mkdir -p .setup
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

.setup/python-dev: requirements-dev.lock .setup/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

.setup/node: package-lock.json deploy/vendor.mjs
	@mkdir -p .setup
	npm ci --omit=dev --silent
	@touch $@

.setup/node-dev: .setup/node
	npm ci --silent
	@touch $@

browser: ## Install Debian's chromium where it is missing and may be installed
	@test -x $(CHROMIUM) || command -v chromium >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; \
	  else echo "chromium is not installed and cannot be from here: the browser tests will say so and fail"; fi; }

# The parts of `check`.

.PHONY: format-check
format-check:
	$(BIN)/ruff format --check .

format: ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint:
	$(BIN)/ruff check .

types:
	$(BIN)/mypy

imports:
	$(BIN)/lint-imports

addon:
	npm run --silent lint:addon
	npm run --silent types:addon

i18n: ## Collect the texts that people read into the Spanish catalogue
	$(BIN)/pybabel -q extract --no-location -F backend/web/babel.cfg -k _l -k _ -k lazy_gettext -k UserError -k NotFoundError -k ForbiddenError -k ConflictError -o .setup/messages.pot backend
	$(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete -i .setup/messages.pot -d backend/web/translations

i18n-compile:
	@$(BIN)/pybabel -q compile -d backend/web/translations 2>/dev/null

lock: ## Write the lock files anew from pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/python -m uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url -q --custom-compile-command "make lock" -o requirements.lock
	$(BIN)/python -m uv pip compile pyproject.toml --extra dev -c requirements.lock --universal --generate-hashes --no-emit-index-url -q --custom-compile-command "make lock" -o requirements-dev.lock

pictures: setup-dev browser ## Take the pictures of README and docs from the running demo
	$(BIN)/python docs/pictures.py

clean: ## Remove everything that make made; mail and databases of the demo included
	rm -rf .venv node_modules .setup .enlace backend/web/static/vendor
