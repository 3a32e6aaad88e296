# Two commands: `make build` and `make test`. Both set up what they need; a second call reuses it.

PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.requirements-installed

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

.PHONY: build test leak-score key preview release lint clean

build: $(STAMP)
	@$(VENV)/bin/python -m gp_level_data build $(if $(VARS),--vars '$(VARS)')

key: $(STAMP)
	@$(if $(KEY_DIR),,$(error Say where: make key KEY_DIR=...))$(VENV)/bin/python -m gp_level_data keys new --key-dir '$(KEY_DIR)'

preview: $(STAMP)
	@$(if $(PRACTICE),,$(error Say which: make preview PRACTICE=A81001))$(VENV)/bin/python -m gp_level_data preview '$(PRACTICE)' $(if $(VARS),--vars '$(VARS)')

release: $(STAMP)
	@$(if $(and $(ID),$(TO)),,$(error Say which and where: make release ID=... TO=...))$(VENV)/bin/python -m gp_level_data release '$(ID)' --to '$(TO)' $(if $(DATE),--date '$(DATE)')

test: $(STAMP)
	@$(VENV)/bin/python -m pytest --numprocesses 2 --dist loadfile

leak-score: $(STAMP)
	@PYTHONPATH=. $(VENV)/bin/python tests/python/leak_score.py $(LEAKS)

lint: $(STAMP)
	@$(VENV)/bin/sqlfluff lint models tests/generic

clean:
	rm -rf target logs

$(STAMP): requirements.lock
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --requirement requirements.lock
	touch $@
