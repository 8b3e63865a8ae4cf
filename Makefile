# `make demo` and `make test` do all the set-up themselves. See `make help`.
#
#   PYTHON=/path/to/python   use (and fill) that environment instead of .venv; `PYTHON=python` is the active one
#   PIP_FIND_LINKS=FOLDER    folder with wheels, such as one of mmcv; several with a blank between
#   COMPILE_MMCV=1           compile mmcv's operators where no wheel fits (else only where a GPU is found)
#   PROCESSES=1              processes of `make test` (else as many as cores, at most 4)
#   RELEASE=FOLDER           where `make release` writes to (else checkpoints)
#   TESTS=tests/ops          what `make test` runs; ARGS="-x -q" goes to pytest, or to tools/pipeline.py in the demos

VENV := .venv
SETUP := tools/misc/setup_environment.py $(if $(filter-out 0,$(COMPILE_MMCV)),--compile-mmcv)
ORIGINAL_VENV := .venv-openmmlab
# the newest Python that works; a version manager may have names on the path that do not
BASE_PYTHON = $(firstword $(foreach name,python3 python3.13 python3.12 python3.11 python3.10,$(shell $(name) -c \
  'import sys; print(sys.executable if sys.version_info >= (3, 10) else "")' 2>/dev/null)) python3)
ifdef PYTHON
  RUN := $(PYTHON)
  SETUP_COMMAND := $(PYTHON) $(SETUP)
else
  RUN := $(VENV)/bin/python
  SETUP_COMMAND = $(BASE_PYTHON) $(SETUP) --venv $(VENV)
endif
TESTS ?= tests
# the selection of `make test-quick`, without its comments
QUICK = $(shell sed 's/ *\#.*//' tests/quick.txt)
PROCESSES ?= auto
# processes of the tests share the cores: threads that wait must not take them from others
test test-quick test-openmmlab: export OMP_WAIT_POLICY ?= PASSIVE
# tests that start processes are skipped: each takes seconds of a core for its imports alone
test-quick: export WSIS_QUICK_TESTS := 1
PYTEST := -m pytest -n $(PROCESSES) --maxprocesses 4 --dist loadfile --no-loadscope-reorder --max-worker-restart 1
DEMO_DATA := data/demo
DEMO_WORK := work_dirs/demo
RELEASE ?= checkpoints

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-data demo-supervised release test test-quick test-openmmlab lint format docs docs-setup docs-linkcheck clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## install everything into .venv (or into PYTHON's environment)
	@$(SETUP_COMMAND)

demo-data: setup
	@$(RUN) tools/dataset_converters/make_demo_data.py --out $(DEMO_DATA) --seed 0

demo: demo-data  ## the whole chain on rendered photos: tags -> CAMs -> IRNet -> Mask R-CNN, with pictures
	@$(RUN) tools/pipeline.py configs/recipes/irnet_r18_demo.py --work-dir $(DEMO_WORK) $(ARGS)

demo-supervised: demo-data  ## the demo's Mask R-CNN trained on true masks, for comparison
	@$(RUN) tools/pipeline.py configs/recipes/supervised_r18_demo.py --work-dir $(DEMO_WORK) $(ARGS)

release: demo  ## the demo's models as published checkpoints, and one of them used by its name
	@$(RUN) tools/model_converters/publish_model.py $(DEMO_WORK) $(RELEASE) --all
	@WSIS_ZOO=$(RELEASE) $(RUN) demo/image_demo.py $(DEMO_DATA)/JPEGImages/demo_000320.jpg mask-rcnn_r18_6e_demo \
	  --out-dir $(DEMO_WORK)/release

test: setup  ## run the tests
	@$(RUN) $(PYTEST) $(TESTS) $(ARGS)

test-quick: setup  ## run the tests of tests/quick.txt: some of every part, without those that start processes
	@$(RUN) $(PYTEST) $(QUICK) $(ARGS)

test-openmmlab:  ## run the tests with OpenMMLab's original distributions, in an environment of their own
	@$(BASE_PYTHON) $(SETUP) --venv $(ORIGINAL_VENV) --original
	@$(ORIGINAL_VENV)/bin/python $(PYTEST) $(TESTS) $(ARGS)

lint: setup  ## check style and format
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .

format: setup  ## fix style and format automatically
	@$(RUN) -m ruff check --fix .
	@$(RUN) -m ruff format .

docs-setup:
	@$(SETUP_COMMAND) --docs

docs: docs-setup  ## build the documentation into docs/_build/html; warnings are errors
	@$(RUN) -m sphinx -W --keep-going -q -b html docs docs/_build/html $(ARGS)
	@echo 'documentation: docs/_build/html/index.html'

docs-linkcheck: docs-setup  ## follow the links of the documentation that lead to the web
	@$(RUN) -m sphinx -q -b linkcheck docs docs/_build/linkcheck $(ARGS)

clean:  ## remove builds, demo data and demo runs, but not .venv
	rm -rf build dist *.egg-info .pytest_cache .ruff_cache $(DEMO_DATA) $(DEMO_WORK)
	rm -rf docs/_build docs/methods docs/contributing.md docs/code_of_conduct.md docs/security.md
	find . -path './.venv*' -prune -o -name __pycache__ -type d -exec rm -rf {} +
