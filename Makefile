# Every target forwards to `gpld`, or to a tool that checks; `make help` lists them. What a target needs is
# installed by the first that asks for it, and again when its lock has changed.

PYTHON ?= python3
VENV := .venv
GPLD := $(VENV)/bin/python -m gp_level_data
PYTEST := $(VENV)/bin/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder
INSTALL := $(VENV)/bin/pip install --quiet --disable-pip-version-check
# Wheels alone, by their hashes.
LOCKED := --require-hashes --only-binary :all: --requirement

RUN := $(VENV)/.requirements-installed
REPORTS := $(VENV)/.requirements-reports-installed
FAST := $(VENV)/.requirements-fast-installed
TEST := $(VENV)/.requirements-test-installed
EXAMPLES := $(VENV)/.requirements-examples-installed
SPARK := $(VENV)/.requirements-spark-installed
DATABRICKS := .venv-databricks
CLUSTER := $(VENV)/bin/python -m gp_level_data.cluster

# What is said to make reaches the shell through the environment, and is quoted there: an apostrophe survives.
export RAW_DIR KEY_DIR STORE_DIR VARS COLLECTION WORLDS PRACTICE ID TO FROM DATE AT CONTACT MAILBOX FORMAT ORDERED_BY KEPT
$(foreach name,RAW_DIR KEY_DIR STORE_DIR,$(if $($(name)),,$(eval unexport $(name))))

# $(call needs,NAMES): stop unless all of them are said.
needs = $(if $(filter-out $(words $(1)),$(words $(foreach name,$(1),$(if $($(name)),x)))),\
	$(error Say more: make $@ $(foreach name,$(1),$(name)=...)))
# $(call option,--name,NAME): the option with what was said, or nothing.
option = $${$(2):+$(1) "$$$(2)"}

.DEFAULT_GOAL := help
.PHONY: help build prove cluster-up cluster-down databricks check contract preview ndop-request ndop-check release report-back public export \
	explore status evidence key destroy backup restore test test-ci test-all lint examples fast spark bench bench-peers leak-score clean

help:  ## this list
	@echo 'make TARGET [NAME=...]; RAW_DIR, KEY_DIR and STORE_DIR name the folders, the sample'"'"'s if not said'
	@echo
	@sed -nE 's/^([a-z-]+):[^#]*##( \[([^]]*)\])? (.*)/\1~\3~\4/p' $(MAKEFILE_LIST) \
		| while IFS='~' read -r target names says; do \
			[ $${#names} -le 34 ] || { printf '  %-13s %s\n' "$$target" "$$names"; target= names=; }; \
			printf '  %-13s %-34s %s\n' "$$target" "$$names" "$$says"; done
	@echo
	@echo 'More, with every option: $(VENV)/bin/gpld --help'

# ---- runs ------------------------------------------------------------------------------------------

build: $(if $(filter spark,$(TARGET)),$(SPARK),$(RUN))  ## [VARS=... TARGET=spark] raw files to results and documentation; the sample, if nothing is said
	@$(if $(filter-out spark,$(TARGET)),$(error TARGET is spark, or not said))$(if $(TARGET),$(CLUSTER),$(GPLD)) build $(call option,--vars,VARS)

cluster-up: $(SPARK)  ## a Spark cluster on this machine, for `make build TARGET=spark`
	@$(CLUSTER) up

cluster-down: $(SPARK)  ## stop it, and leave nothing of it
	@$(CLUSTER) down

databricks: $(DATABRICKS)/.requirements-installed  ## every model compiled for Databricks; no workspace is asked
	@$(DATABRICKS)/bin/python -m gp_level_data.cluster.databricks compile $(call option,--vars,VARS)

check: $(RUN)  ## [VARS=...] what a build would say of a raw folder; no key, nothing stored
	@$(GPLD) check $(call option,--vars,VARS)

contract: $(RUN)  ## [COLLECTION=...] what each raw file holds, and how it may be written
	@$(GPLD) contract $${COLLECTION:+"$$COLLECTION"}

prove: $(RUN)  ## the nets read the code as it is; the gateway opens for what they have proved
	@$(GPLD) prove

preview: $(RUN)  ## [PRACTICE=... VARS=...] what would leave a practice; nothing stored
	@$(call needs,PRACTICE)$(GPLD) preview "$$PRACTICE" $(call option,--vars,VARS)

key: $(RUN)  ## [KEY_DIR=... COLLECTION=...] keys for a collection of your own
	@$(call needs,KEY_DIR)$(GPLD) keys new --key-dir "$$KEY_DIR" $(call option,--collection,COLLECTION)

# ---- what comes of them ----------------------------------------------------------------------------

ndop-request: $(RUN)  ## [MAILBOX=... TO=... DATE=... VARS=...] the file that asks about National Data Opt-outs
	@$(call needs,MAILBOX TO)$(GPLD) ndop request --mailbox "$$MAILBOX" --to "$$TO" $(call option,--date,DATE) \
		$(call option,--vars,VARS)

ndop-check: $(RUN)  ## [VARS=...] what every exchange about them came to
	@$(GPLD) ndop check $(call option,--vars,VARS)

release: $(RUN)  ## [ID=... TO=... DATE=...] hand out one release; DATE is the day, today if not said
	@$(call needs,ID TO)$(GPLD) release "$$ID" --to "$$TO" $(call option,--date,DATE)

report-back: $(REPORTS)  ## [COLLECTION=... TO=... AT=... CONTACT=... PARQUET=yes] a folder for each practice, and the record of it
	@$(call needs,COLLECTION TO)$(GPLD) report-back "$$COLLECTION" --to "$$TO" $(call option,--at,AT) \
		$(call option,--contact,CONTACT) $(if $(PARQUET),--parquet)

public: $(RUN)  ## [TO=... ALSO=... CONTACT=...] a static site: what is collected, released and destroyed, and how
	@$(call needs,TO)$(GPLD) public --to "$$TO" $(foreach folder,$(ALSO),--also '$(folder)') \
		$(call option,--contact,CONTACT)

export: $(RUN)  ## [TO=... FORMAT=csv|parquet|duckdb] the published tables, for work elsewhere
	@$(call needs,TO)$(GPLD) export --to "$$TO" $(call option,--format,FORMAT)

explore: $(EXAMPLES)  ## a look at any metric in a browser, on this machine
	@PYTHONPATH="$(CURDIR)" MARIMO_SKIP_UPDATE_CHECK=1 $(VENV)/bin/python -m marimo run gp_level_data/pages/explore.py

status: $(RUN)  ## days that personal data may still be kept
	@$(GPLD) status

evidence: $(RUN)  ## what a reviewer needs to believe a run
	@$(GPLD) evidence

destroy: $(RUN)  ## [COLLECTION=... RAW=yes ORDERED_BY=... KEPT=...] destroy what is personal; proved, certified
	@$(call needs,COLLECTION)$(GPLD) destroy "$$COLLECTION" $(if $(RAW),--raw) \
		$(call option,--ordered-by,ORDERED_BY) $(foreach folder,$(KEPT),--kept '$(folder)')

backup: $(RUN)  ## [TO=...] copy results and ledger; nothing personal
	@$(call needs,TO)$(GPLD) backup --to "$$TO"

restore: $(RUN)  ## [FROM=...] put a backup in the place of results that are lost
	@$(call needs,FROM)$(GPLD) restore --from "$$FROM"

# ---- the project itself ----------------------------------------------------------------------------

test: lint  ## the fast tier: for everybody, before each commit
	@$(PYTEST)

test-ci: lint $(EXAMPLES)  ## what continuous integration runs: the fast tier, and what builds stores of its own
	@$(PYTEST) -m 'not whole'

test-all: lint $(EXAMPLES)  ## everything, which takes long
	@$(PYTEST) -m ''

lint: $(TEST)  ## style of SQL and Python, types of Python
	@$(VENV)/bin/python tests/lint.py

examples: $(EXAMPLES)  ## install what the notebook and the example for Dagster need

spark: $(SPARK)  ## install what a cluster needs, and what tries each engine macro on Spark

fast: $(FAST)  ## install what makes pseudonyms for millions of people fast

bench: $(TEST)  ## [SCALE=... COLLECTION=... WORLDS=...] synthetic England, measured
	@$(VENV)/bin/python -m tests.python.benchmark $(if $(SCALE),--scale $(SCALE)) \
	    $(call option,--collection,COLLECTION) $(call option,--worlds,WORLDS)

bench-peers: $(TEST)  ## [SCALE=...] the core work by hand in five engines, with the same answers
	@$(VENV)/bin/python -m tests.python.benchmark.peers $(if $(SCALE),--scale $(SCALE))

leak-score: $(TEST)  ## [LEAKS=--missing] the nets, tried on leaks made on purpose
	@PYTHONPATH=.:tests:tests/python $(VENV)/bin/python -m nets.leak_score $(LEAKS)

clean:  ## what dbt wrote besides databases
	rm -rf target logs

$(RUN): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 to 3.13 is needed" if not (3, 11) <= sys.version_info[:2] <= (3, 13) else 0)'
	@echo 'Installing what a run needs into $(VENV): some minutes, once'
	@$(PYTHON) -m venv $(VENV)
	@$(INSTALL) $(LOCKED) requirements.lock
	@ln -sf "$(CURDIR)/gp_level_data/gpld" $(VENV)/bin/gpld
	@touch $@

$(REPORTS): $(RUN) requirements-reports.lock
	@$(INSTALL) $(LOCKED) requirements-reports.lock
	@touch $@

# Spark's package is a source distribution, which brings Java archives; nothing is compiled.
$(SPARK): $(RUN) requirements-spark.txt
	@$(INSTALL) --requirement requirements-spark.txt
	@touch $@

$(DATABRICKS)/.requirements-installed: requirements-databricks.txt
	@$(PYTHON) -m venv $(DATABRICKS)
	@$(DATABRICKS)/bin/pip install --quiet --disable-pip-version-check --only-binary :all: --requirement $<
	@touch $@

$(FAST): $(RUN) requirements-fast.lock
	@$(INSTALL) $(LOCKED) requirements-fast.lock
	@touch $@

$(TEST): $(REPORTS) requirements-test.lock
	@echo 'Installing what checks the project'
	@$(INSTALL) $(LOCKED) requirements-test.lock
	@touch $@

# The lock leaves out what dagster-dbt asks for and does without (.ci/lock says why), so pip is not to look for more.
$(EXAMPLES): $(TEST) requirements-examples.lock
	@echo 'Installing what its examples need'
	@$(INSTALL) --no-deps $(LOCKED) requirements-examples.lock
	@touch $@
