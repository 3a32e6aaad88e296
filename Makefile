# Two commands: `make build` and `make test`. Both set up what they need; a second call reuses it.

PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.requirements-installed
PYTEST := $(VENV)/bin/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

export RAW_DIR KEY_DIR STORE_DIR
ifndef RAW_DIR
unexport RAW_DIR
endif
ifndef KEY_DIR
unexport KEY_DIR
endif
ifndef STORE_DIR
unexport STORE_DIR
endif

.PHONY: bench build test test-all leak-score key check contract preview release report-back destroy status evidence backup restore lint clean

build: $(STAMP)
	@$(VENV)/bin/python -m gp_level_data build $(if $(VARS),--vars '$(VARS)')

key: $(STAMP)
	@$(if $(KEY_DIR),,$(error Say where: make key KEY_DIR=...))$(VENV)/bin/python -m gp_level_data keys new --key-dir '$(KEY_DIR)'

check: $(STAMP)
	@$(VENV)/bin/python -m gp_level_data check $(if $(VARS),--vars '$(VARS)')

contract: $(STAMP)
	@$(VENV)/bin/python -m gp_level_data contract $(COLLECTION)

preview: $(STAMP)
	@$(if $(PRACTICE),,$(error Say which: make preview PRACTICE=A81001))$(VENV)/bin/python -m gp_level_data preview '$(PRACTICE)' $(if $(VARS),--vars '$(VARS)')

release: $(STAMP)
	@$(if $(and $(ID),$(TO)),,$(error Say which and where: make release ID=... TO=...))$(VENV)/bin/python -m gp_level_data release '$(ID)' --to '$(TO)' $(if $(DATE),--date '$(DATE)')

report-back: $(STAMP)
	@$(if $(and $(COLLECTION),$(TO)),,$(error Say what and where: make report-back COLLECTION=... TO=...))$(VENV)/bin/python -m gp_level_data report-back '$(COLLECTION)' --to '$(TO)' $(if $(AT),--at '$(AT)')

destroy: $(STAMP)
	@$(if $(COLLECTION),,$(error Say what: make destroy COLLECTION=...))$(VENV)/bin/python -m gp_level_data destroy '$(COLLECTION)' $(if $(RAW),--raw) $(if $(ORDERED_BY),--ordered-by '$(ORDERED_BY)') $(if $(KEPT),--kept $(KEPT))

status evidence: $(STAMP)
	@$(VENV)/bin/python -m gp_level_data $@

backup: $(STAMP)
	@$(if $(TO),,$(error Say where: make backup TO=...))$(VENV)/bin/python -m gp_level_data backup --to '$(TO)'

restore: $(STAMP)
	@$(if $(FROM),,$(error Say what: make restore FROM=...))$(VENV)/bin/python -m gp_level_data restore --from '$(FROM)'

# The fast tier, for everybody before each commit; CI runs everything.
test: lint
	@$(PYTEST)

test-all: lint
	@$(PYTEST) -m ''

bench: $(STAMP)
	@$(VENV)/bin/python -m tests.python.benchmark $(if $(SCALE),--scale $(SCALE)) $(if $(COLLECTION),--collection '$(COLLECTION)')

leak-score: $(STAMP)
	@PYTHONPATH=. $(VENV)/bin/python tests/python/leak_score.py $(LEAKS)

lint: $(STAMP)
	@$(VENV)/bin/python tests/lint.py

clean:
	rm -rf target logs

$(STAMP): requirements.lock
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --requirement requirements.lock
	touch $@
