# make demo    from a fresh clone to music: .venv, install, one interpolation in out/
# make test    lint, types and tests        make lint    the first two only
# make bench   speed, in short              make clean   removes what the others made
# make fuzz    every reader of files under coverage-guided fuzzing, SECONDS each
# make licences  THIRD_PARTY.md             make sbom    out/sbom.json, what an installation is made of
# make gallery the pictures and sounds of docs/, from the commands printed there

PYTHON ?= python3
# Test processes; one thread each.
JOBS ?= auto

SECONDS ?= 60

VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PIP := $(BIN)/python -m pip --disable-pip-version-check
OUT := out
SONGS := data/examples

.PHONY: demo test lint bench fuzz licences sbom gallery install install-dev clean

demo: install
	@mkdir -p $(OUT)
	$(BIN)/mvae interpolate $(SONGS)/ode-to-joy.mid $(SONGS)/yankee-doodle.mid \
	    -o $(OUT)/ode-to-yankee.mid --flac --plot

test: lint
	$(BIN)/python -m pytest -n $(JOBS) -q

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python

bench: install
	$(BIN)/python -m benchmarks suite --quick
	@echo "python -m benchmarks lists the others; docs/speed.md says more"

fuzz: install-dev
	for target in $$($(BIN)/python -m tests.fuzzing --list); do \
	    $(BIN)/python -m tests.fuzzing $$target --seconds $(SECONDS) --out $(OUT)/fuzzing || exit 1; done

licences: install-dev
	$(BIN)/python .ci/components.py licences > THIRD_PARTY.md

sbom: install-dev
	@mkdir -p $(OUT)
	$(BIN)/python .ci/components.py sbom > $(OUT)/sbom.json

gallery: install
	$(BIN)/python docs/run.py docs/gallery.md docs/latent-space.md docs/tour-students.md

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install -q -c constraints.txt torch
	$(PIP) install -q -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP) install -q -c constraints.txt -e ".[dev]"
	@touch $@

clean:
	rm -rf $(VENV) $(OUT) build dist .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
