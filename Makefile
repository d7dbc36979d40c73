# The study and its checks from a bare machine: only Python 3.11 or newer and make are needed.
# `make help` lists what there is. Works with GNU make from 3.81 (the one on macOS) on.

SHELL = /bin/sh
.DEFAULT_GOAL := help

# What a user may give, as in `make replicate SEEDS=20 ROOT_SEED=7`. The values reach the
# commands through the environment, as they were typed, so that nothing in them is ever run.
# Taken unexpanded ($(value)), so that `$(...)` in a value stays text.
# A variable that is none of them is a slip: without a word, SEED=20 once ran a million networks.
KNOWN = SEEDS ROOT_SEED JOBS RESULTS PYTHON VENV
$(foreach name,$(filter-out $(KNOWN),$(.VARIABLES)),$(if $(filter command,$(firstword $(origin $(name)))),\
	$(error $(name) was given; allowed are $(KNOWN); see `make help`)))
override SEEDS := $(value SEEDS)
override ROOT_SEED := $(value ROOT_SEED)
override JOBS := $(value JOBS)
override RESULTS := $(value RESULTS)
override PYTHON := $(value PYTHON)
export SEEDS ROOT_SEED JOBS RESULTS PYTHON

# The environment stands in the names of targets, so its folder has a plain name.
VENV = .venv
override VENV := $(value VENV)
SIGNS := $$ ; & | < > ( ) { } [ ] * ? ! \ ~ % : = ' " `
ifneq (1,$(words $(VENV) $(foreach sign,$(SIGNS),$(findstring $(sign),$(VENV)))))
$(error VENV='$(VENV)' was given; allowed is one folder, without spaces and signs of the shell in its name)
endif

# All experiments have their own networks, and what is verified is the default study.
ifneq (,$(and $(SEEDS)$(ROOT_SEED),$(filter experiments verify,$(MAKECMDGOALS))))
$(error SEEDS and ROOT_SEED say which study `make replicate` and `make report` take; allowed are RESULTS and JOBS)
endif

# Tests start many processes, each of which would otherwise compile all libraries again.
unexport PYTHONDONTWRITEBYTECODE

RUN = $(VENV)/bin/python
REPLICATION = $(RUN) -m replication
STUDY = $${SEEDS:+--seeds="$$SEEDS"} $${ROOT_SEED:+--root-seed="$$ROOT_SEED"} $${RESULTS:+--results="$$RESULTS"}
WORKERS = $${JOBS:+--jobs="$$JOBS"}
# Wheels only: nothing is compiled here, so no compiler is needed. Every file is checked by its hash.
INSTALL = $(RUN) -m pip install --quiet --no-compile --disable-pip-version-check --no-input \
	--retries 10 --timeout 60 --only-binary=:all: --no-deps --require-hashes --requirement

# Again after a change of the version, which commands and the report take from what is installed.
EDITABLE = $(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .

##@ The study  (SEEDS=1000000 ROOT_SEED=1988 JOBS=all RESULTS=results)

.PHONY: replicate
replicate: $(VENV)/.run ## simulate the networks, analyse them and write the report
	@$(REPLICATION) replicate $(STUDY) $(WORKERS)

.PHONY: experiments
experiments: $(VENV)/.run ## run the experiments on the paper's other statements again
	@$(REPLICATION) experiments $${RESULTS:+--results="$$RESULTS"} $(WORKERS)

.PHONY: report
report: $(VENV)/.run ## write the report again from the models that there are; runs no experiment
	@$(REPLICATION) report $(STUDY) $(WORKERS)

.PHONY: verify
verify: $(VENV)/.run ## make all models and the report again elsewhere, and compare (minutes)
	@made=$$(mktemp -d) && trap 'rm -rf "$$made"' EXIT && \
	$(REPLICATION) replicate --results="$$made" $(WORKERS) && \
	diff -r "$${RESULTS:-results}/models" "$$made/models" && \
	diff "$${RESULTS:-results}/report.sha256" "$$made/report.sha256" && \
	while read -r _ name; do cmp "$${RESULTS:-results}/$$name" "$$made/$$name" || exit 1; done \
		<"$$made/report.sha256" && \
	echo "All models, and the report byte by byte, come out the same"

.PHONY: notebook
notebook: $(VENV)/.notebook ## open the notebooks in Jupyter
	@root=; [ "$$(id -u)" != 0 ] || root=--allow-root; $(RUN) -m jupyterlab $$root notebooks

.PHONY: dask
dask: $(VENV)/.run ## add what a Dask cluster needs, for --backend dask
	@$(RUN) -m pip install --quiet --disable-pip-version-check --only-binary=:all: --editable '.[dask]'

##@ Checks

.PHONY: test
test: $(VENV)/.dev ## all tests that take seconds, four minutes on two cores
	@echo 'About four minutes on two cores'
	@$(RUN) -m pytest -n auto --dist worksteal

.PHONY: test-long
test-long: $(VENV)/.dev ## the tests that take minutes, one of them an hour, on all cores
	@$(RUN) -m pytest -m long -n auto --dist worksteal

.PHONY: test-lowest
test-lowest: $(VENV)/.dev ## tests/unit with the lowest versions that pyproject.toml allows
	@sh requirements/lowest.sh $(RUN)

.PHONY: check
check: $(VENV)/.dev ## style, types, spelling, dependencies and metadata
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) -m codespell_lib
	$(RUN) -m deptry replication
	$(RUN) -m validate_pyproject pyproject.toml
	$(RUN) -m repo_review .

.PHONY: verify-emulated
verify-emulated: $(VENV)/.dev ## the same bits on emulated processors (needs qemu-user)
	@$(RUN) -m pytest -m emulated

.PHONY: attest
attest: $(VENV)/.dev ## run all from nothing, add this machine to results/attestations.md (an hour)
	@$(RUN) -m tools.attest
	@$(RUN) -m tools.attest --masked

# Without the tests that inject faults: they limit and kill what writes, the measurement too.
.PHONY: coverage
coverage: $(VENV)/.dev ## the lines and branches that tests reach, at least 95 % of them
	@$(RUN) -m coverage erase
	@$(RUN) -m coverage run -m pytest -n auto --dist worksteal --ignore tests/reliability
	@$(RUN) -m coverage combine --quiet
	@$(RUN) -m coverage report

.PHONY: bench
bench: $(VENV)/.dev ## speed, measured side by side -> results/benchmark.json
	@sh requirements/others.sh $(RUN)
	@$(RUN) -m benchmarks

##@ House-keeping

# What was read before a failure goes: nothing in it would fail again.
.PHONY: docs
docs: $(VENV)/.dev ## the pages, the notebooks, the API and the report as a site -> build/site
	@$(RUN) -m sphinx --quiet --fail-on-warning -c docs -d build/doctrees . build/site || \
		{ rm -rf build/doctrees; exit 1; }
	@echo build/site/index.html

# With the time of the commit as that of all files, so that every checkout gives the same bytes.
.PHONY: dist
dist: $(VENV)/.dev ## wheel and sdist, the same from every checkout -> dist/
	@date=$$(git log -1 --format=%ct 2>/dev/null); \
	[ -n "$$date" ] || echo "No commit is here, so the files bear today's date: other bytes than from a checkout"; \
	SOURCE_DATE_EPOCH=$$date $(RUN) -m build --no-isolation --outdir dist

.PHONY: readme
readme: $(VENV)/.run ## write README.md from its template and the models
	@$(RUN) -m tools.write_readme

.PHONY: lock
lock: $(VENV)/.dev ## choose exact versions again -> requirements/*.lock
	@sh requirements/lock.sh $(RUN)

.PHONY: clean
clean: ## remove the environment and what can be made again; never outcomes or reports
	@$(REFUSE_FOREIGN)
	[ ! -e $(VENV)/.made ] && [ ! -e $(VENV)/.making ] || rm -rf $(VENV)
	rm -rf build/site build/doctrees dist/recirculation_replication-*
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* htmlcov
	rmdir build dist 2>/dev/null || true
	find replication tests notebooks benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

.PHONY: help
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

# The environment, made once. Stamps record which lock file is installed in it. Only a folder that
# has the first of them (.making until it is complete, then .made) is ever cleared or removed.
REFUSE_FOREIGN = if [ -e $(VENV)/.made ] || [ -e $(VENV)/.making ] || [ ! -e $(VENV) ]; then :; \
	elif [ -d $(VENV) ] && [ -z "$$(ls -A $(VENV)/)" ]; then :; \
	else \
		echo "make: $(VENV) is there, and make did not make it, so it is left alone." >&2; \
		echo "make: Remove or rename it yourself, or give another folder: make VENV=.environment ..." >&2; \
		exit 1; \
	fi

$(VENV)/.made:
	@$(REFUSE_FOREIGN)
	@found=; for python in "$${PYTHON:-python3}" $${PYTHON:+:} python3.14 python3.13 python3.12 python3.11; do \
		if [ "$$python" = : ]; then break; fi; \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "make: $${PYTHON:-python3} is not Python 3.11 or newer, which is needed." >&2; \
		echo "make: Install one, or name one: make PYTHON=/path/to/python3 ..." >&2; \
		exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$found (once)"; \
	mkdir -p $(VENV) && touch $(VENV)/.making || exit 1; \
	find $(VENV)/ -mindepth 1 -maxdepth 1 ! -name .making -exec rm -rf {} +; \
	if "$$found" -m venv $(VENV) >$(VENV)/.log 2>&1; then rm -f $(VENV)/.log; \
	elif "$$found" -m virtualenv --quiet $(VENV) >>$(VENV)/.log 2>&1; then rm -f $(VENV)/.log; \
	else \
		cat $(VENV)/.log >&2; rm -rf $(VENV); \
		echo "make: $$found cannot make a virtual environment: its venv or ensurepip module is missing." >&2; \
		echo "make: On Debian or Ubuntu: apt-get install python3-venv. Or name another: make PYTHON=..." >&2; \
		exit 1; \
	fi
	@mv $(VENV)/.making $@

# An environment whose Python has gone (an upgrade, a moved home) is made again from the start.
ifeq ($(shell test -x $(VENV)/bin/python && echo yes),)
.PHONY: $(VENV)/.made $(VENV)/.run $(VENV)/.notebook $(VENV)/.dev
endif

$(VENV)/.run $(VENV)/.notebook $(VENV)/.dev: $(VENV)/.%: requirements/%.lock | $(VENV)/.made
	@echo "Installing requirements/$*.lock (once)"
	@$(INSTALL) requirements/$*.lock
	@$(EDITABLE)
	@touch $@
