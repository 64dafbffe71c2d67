# Every target first runs scripts/setup_env.sh, which installs what is missing: system packages, a virtual environment,
# ROS 2 and this package's messages. VENV=… names the virtual environment, PYTHON=… the Python it is made with.

SHELL := /bin/bash
VENV ?= .venv
PYTHON ?= python3
PATHS ?= osis_ros/inference
export VENV PYTHON
# Keep byte code even if the shell says otherwise: without it, every start of Python compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE

ENTER := source scripts/env.sh

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench reference mutants clean

help:  ## print this list
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' Makefile | expand -t 18

demo:  ## run a simulated camera, segmenter and localizer; writes a table of scores, demo/overlay.png and demo/demo.mcap
	@scripts/setup_env.sh demo
	@$(ENTER) && python -m osis_ros.cli demo demo

test:  ## run all tests, those of the nodes over real DDS; PYTEST_ARGS="test/nodes -k lifecycle" selects some
	@scripts/setup_env.sh test
	@# No restarts: xdist would start the file of a test that hangs again and again.
	@$(ENTER) && python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart=0 $(PYTEST_ARGS)

lint:  ## check rules and format with ruff
	@scripts/setup_env.sh test
	@$(ENTER) && ruff check . && ruff format --check .

bench:  ## run every program in benchmarks/
	@scripts/setup_env.sh test
	@$(ENTER) && for program in benchmarks/*.py; do echo "== $$program"; python "$$program" || exit 1; done

reference:  ## write docs/reference/ from the code
	@scripts/setup_env.sh test
	@$(ENTER) && python docs/reference.py

mutants:  ## find changes of the code that no test notices; PATHS=osis_ros/inference MUTANT_ARGS="--minutes 30"
	@scripts/setup_env.sh test
	@$(ENTER) && python tools/mutants.py $(MUTANT_ARGS) $(PATHS)

clean:  ## delete what was built and set up here
	rm -rf build install log demo replayed segmented *.egg-info .pytest_cache .ruff_cache
	@[ ! -e "$(VENV)/.steps" ] || rm -rf "$(VENV)"
