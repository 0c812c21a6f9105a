# `make run` and `make test` are all a newcomer needs; each target sets up what is missing first.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
export PYTHONUNBUFFERED := 1
export TF_CPP_MIN_LOG_LEVEL := 3
# The join's matrices are small: threads that wait for one another on busy cores made it ten times as slow.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: setup run test check bench bench-sales bench-join bench-join-database bench-join-growth bench-scene bench-memory chaos chaos-sales stop clean requirements

setup: .venv/.installed

.venv/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit("Foyer needs Python 3.11 or newer; say make PYTHON=/path/to/python3.11" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing packages; the first time takes a minute or two."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m analytics.yunet || true
	@touch $@

run: setup
	@exec $(BIN)/python -m analytics.supervisor

test: setup
	@$(BIN)/pytest $(TEST_ARGS)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python manage.py makemigrations --check --dry-run
	@$(MAKE) --no-print-directory test

bench: setup
	@$(BIN)/python -m tests.benchmarks $(BENCH_ARGS)

# The sales rows of the table at any size; the full run is RECEIPTS=1000000, about ten minutes.
bench-sales: setup
	@$(BIN)/python -m tests.benchmarks --only sales --receipts $(or $(RECEIPTS),40000) $(BENCH_ARGS)

# How true the join is: many simulated shops against fixed bars. SHOPS=200 is the full run, about 20 minutes; PARTS names
# some of its tables. A run that was ended goes on where it was.
bench-join: setup
	@$(BIN)/python -m tests.benchmarks.join $(or $(SHOPS),20) $(PARTS)

# The same through simulate, match_purchases and report, against the file of the truth.
bench-join-database: setup
	@$(BIN)/python -m tests.benchmarks.join_database $(BENCH_ARGS)

# What one more day costs beside a year from scratch, and how time grows with visits and stores.
bench-join-growth: setup
	@$(BIN)/python -m tests.benchmarks.join_growth $(BENCH_ARGS)

# How many of 200 people in a composed entrance are counted. SCENE_ARGS="--people 50 --seed 2" for another one.
bench-scene: setup
	@$(BIN)/python -m tests.benchmarks.scene $(SCENE_ARGS)

# The memory of a vision worker over 20,000 snapshots. MEMORY_ARGS="--snapshots 2000" for a short look.
bench-memory: setup
	@$(BIN)/python -m tests.benchmarks.memory $(MEMORY_ARGS)

# Worker, Redis and Postgres are killed in turn while snapshots come in. CHAOS_ARGS="--snapshots 200 --outage 3".
chaos: setup
	@$(BIN)/python -m tests.benchmarks.chaos $(CHAOS_ARGS)

# A sales import is killed with -9, cancelled and watched at every turn. RECEIPTS=1000000 is the full run, half an hour.
chaos-sales: setup
	@$(BIN)/python -m tests.benchmarks.chaos_sales $(or $(RECEIPTS),40000) $(or $(KILLS),10)

stop:
	@test ! -x $(BIN)/python || $(BIN)/python -m analytics.supervisor stop

clean: stop
	@test ! -x $(BIN)/python || $(BIN)/python -m analytics.supervisor remove
	rm -rf .venv staticfiles .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Compiles the pins anew from pyproject.toml.
requirements: setup
	$(BIN)/pip-compile --quiet --strip-extras --extra dev --no-emit-index-url --no-emit-trusted-host --no-emit-find-links -o requirements.txt pyproject.toml
	@# pip-compile leaves out what this machine would not install: TensorFlow elsewhere than on x86-64 Linux.
	@grep '^tensorflow-cpu==' requirements.txt | sed "s/-cpu==\([^ ]*\).*/==\1 ; platform_machine != 'x86_64' or sys_platform != 'linux'/" >> requirements.txt
