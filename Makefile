# The commands of a working day. `make help` lists them.
SHELL := /bin/bash
PORT ?= 8025
PYTHON ?= python3
STAMP := .venv/.installed
DEMO := .venv/.demo
# Else each process of a test run would compile every file anew, and pytest rewrite every test.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install demo test fast lint format types bench bench-aws bench-bombing bench-neighbours crash storm desk-on-aws messages pictures lighthouse emulators clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

install: $(STAMP) ## make .venv with everything (.venv/bin/todoke)

$(STAMP): pyproject.toml locks/dev.txt scripts/install
	@PYTHON=$(PYTHON) scripts/install

$(DEMO): pyproject.toml locks/demo.txt scripts/install
	@PYTHON=$(PYTHON) scripts/install demo

demo: $(DEMO) ## the sample site, the door, the desk and the inbox on http://127.0.0.1:$(PORT)/
	@exec .venv/bin/todoke demo --port $(PORT)

test: install ## lint, types and every test (installs chromium, postfix, caddy and nginx when root)
	@scripts/test

fast: install ## the tests that need nothing but Python
	@.venv/bin/pytest -q -n auto -m "not aws" tests/unit tests/stack_review tests/mail_cloud_sandbox tests/contract

lint: install ## ruff
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .

format: install ## let ruff put the code in order
	@.venv/bin/ruff check --fix . ; .venv/bin/ruff format .

types: install ## mypy --strict
	@.venv/bin/mypy

pictures: install ## a picture of each page in .pictures: two widths, languages and themes (ONLY="desk receipt-")
	@scripts/pictures $(ONLY)

lighthouse: install ## Lighthouse on the pages: performance, accessibility, best practices
	@scripts/lighthouse $(ONLY)

desk-on-aws: install ## the desk's stories in Chromium, on the emulated AWS, in both languages
	@TODOKE_DESK_ON_AWS=1 .venv/bin/pytest -q --durations 8 tests/acceptance/test_aws_desk.py

messages: install ## compile the translations (src/todoke/model/locale)
	@scripts/messages

bench: install ## accepted submissions and mails per second beside raw SQLite
	@.venv/bin/todoke bench

bench-neighbours: install ## a thousand submissions of each kind of other products' scripts, in Chromium
	@scripts/neighbours && .venv/bin/python bench/neighbours.py

bench-bombing: install ## 10,000 posts at one victim from 1,000 networks: mails to the victim, and how long honest visitors wait
	@.venv/bin/python bench/bombing.py

bench-aws: install ## what a submission and a month of them cost on AWS, counted in an emulator; which limit is met first
	@scripts/aws-emulators
	@PYTHONPATH=tests .venv/bin/python bench/aws.py
	@PYTHONPATH=tests:bench .venv/bin/python bench/month.py

crash: install ## the long crash tests: 500 kills, 300 sync points
	@scripts/crash

storm: install ## the long storm of webhook calls: 1,000 mails, 10,000 events up to 20 times each
	@TODOKE_STORM_MAILS=1000 .venv/bin/pytest -q -s --timeout 0 tests/acceptance/test_storm.py

lock: install ## lock the dependencies (UPGRADE=1: at their newest)
	@scripts/lock $(if $(UPGRADE),--upgrade)

audit: install ## ask whether a weakness is known of a locked dependency
	@scripts/audit

lambda-wheels: install ## ask the index whether all that runs on Lambda is there for arm64
	@.venv/bin/python scripts/lambda-wheels

wheel: install ## the wheel and its bill of materials (CycloneDX), in dist
	@scripts/wheel dist

emulators: install ## bring what tests use of AWS and of npm into .emulators
	@scripts/aws-emulators
	@scripts/neighbours
	@scripts/formspree
	@scripts/html-validate
	@scripts/sites

clean: ## remove what make made
	rm -rf .pictures .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
