# `make demo` and `make test` set themselves up first (scripts/setup_env.sh): system packages, a virtual environment,
# ROS 2 and this package's messages. VENV=… and PYTHON=… choose where and with what.

SHELL := /bin/bash
VENV ?= .venv
PYTHON ?= python3
export VENV PYTHON
# The virtual environment is ours: without byte code each start of Python would compile all that it imports anew.
unexport PYTHONDONTWRITEBYTECODE

ENTER := source scripts/env.sh

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench reference clean

help:  ## this list
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' Makefile | expand -t 14

demo:  ## a simulated camera, the segmenter node and a referee: a table, demo/overlay.png and demo/demo.mcap
	@scripts/setup_env.sh demo
	@$(ENTER) && python -m osis_ros.cli demo demo

test:  ## every test, over real DDS; PYTEST_ARGS=… is handed on
	@scripts/setup_env.sh test
	@# No restarts: for a test that hangs xdist would start its file again and again, or, if it is the last, wait for ever.
	@$(ENTER) && python -m pytest -n 2 --dist loadfile --max-worker-restart=0 $(PYTEST_ARGS)

lint:  ## ruff: rules and format
	@scripts/setup_env.sh test
	@$(ENTER) && ruff check . && ruff format --check .

bench:  ## the programs in benchmarks/, one after another
	@scripts/setup_env.sh test
	@$(ENTER) && for program in benchmarks/*.py; do echo "== $$program"; python "$$program" || exit 1; done

reference:  ## write docs/reference/ from the code
	@scripts/setup_env.sh test
	@$(ENTER) && python docs/reference.py

clean:  ## remove what was built and set up here
	rm -rf build install log demo replay segmented *.egg-info .pytest_cache .ruff_cache
	@[ ! -e "$(VENV)/.steps" ] || rm -rf "$(VENV)"
