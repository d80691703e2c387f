# `make demo` shows everything; `make test` and `make check` are what continuous integration runs.
.DEFAULT_GOAL := help
BIN := .venv/bin
PACKAGES := schemas processors sagas streams

SAGAS ?= 1000
KILLS ?=
SEED ?=

.PHONY: help setup jars demo test check format crash crash-short crash-sagas audit mutants bench up down pin compose clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup:  ## make .venv with everything that requirements.txt pins
	@scripts/setup.sh

jars: setup
	@$(BIN)/python -m streams.stack.jars

demo: setup  ## start everything, run real work, prove the promise, clean up
	@$(BIN)/sluicegate demo

test: setup jars  ## every test, on two stacks of their own
	@$(BIN)/pytest -n 2 --dist loadfile

check: setup  ## lint, formatting, types, import direction, links
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy --strict $(PACKAGES) bench
	@$(BIN)/lint-imports
	@$(BIN)/python scripts/check_links.py

format: setup  ## put the code in the house's form
	@$(BIN)/ruff check --fix-only --select I .
	@$(BIN)/ruff format .

crash: setup jars  ## the crash campaign, goes on where it was (SEED repeats; KILLS=n: only n kills of workers)
	@$(BIN)/python -m streams.proof.$(if $(KILLS),crash --kills $(KILLS),campaign) $(if $(SEED),--seed $(SEED))

crash-short: setup jars  ## a short form of every trial of the campaign, within a quarter of an hour
	@$(BIN)/python -m streams.proof.campaign --short --fresh $(if $(SEED),--seed $(SEED))

crash-sagas: setup jars  ## kill whatever takes part in SAGAS sagas, KILLS times (40), and check every credit (SEED repeats)
	@$(BIN)/python -m streams.proof.sagas --sagas $(SAGAS) --kills $(or $(KILLS),40) $(if $(SEED),--seed $(SEED))
	@SLUICEGATE_PROOF_OVERDUE=100000 $(BIN)/pytest -k overdue tests/e2e/test_saga_timers.py

audit: setup  ## licences and known vulnerabilities of what is pinned, and build/sbom.json (OFFLINE=1 does not ask)
	@$(BIN)/python -m scripts.audit $(if $(OFFLINE),--offline)

mutants: setup jars  ## remove each guard that the documents name in a copy, and see a test turn red (ONLY chooses)
	@$(BIN)/python -m tests.mutants $(if $(ONLY),--only "$(ONLY)")

bench: setup jars  ## measure, and write bench/results
	@$(BIN)/python -m bench.spine; spine=$$?; $(BIN)/python -m bench.sagas && exit $$spine

up: setup  ## start the local Kafka and registry
	@$(BIN)/sluicegate up

down: setup  ## stop them; their data stays
	@$(BIN)/sluicegate down

pin:  ## fix the versions and hashes of requirements.in anew (needs uv)
	@scripts/pin.sh

compose: setup  ## write docker-compose.kafka.yml from the stack's settings
	@$(BIN)/python -m streams.stack.compose > docker-compose.kafka.yml

clean:  ## stop the local stack, and delete it with all caches and .venv
	@if [ -x $(BIN)/sluicegate ]; then $(BIN)/sluicegate down; fi
	rm -rf .sluicegate .venv dist build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
