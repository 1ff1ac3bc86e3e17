# make demo          deploy the bundled example and print where the report is
# make test          all tests that need no device; CHECKED=1 leaves out those of make check
# make check         lint, types, import contracts, fast tests
# make test-devices  what needs a browser or a virtual Raspberry Pi (.ci/packages installs them); says what it skips
# make gauntlet      every model of the gauntlet and of the ladder, those too that are large or of a kind that make test has
# make fuzz          damaged models through `inspect`; COUNT= how many
# make bench         speed as ratios; MODEL=, DATA=, CALIBRATE=, PREPROCESS=, PARTS= choose what on

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
EXAMPLE := examples/fashion_mnist
MODEL ?= $(EXAMPLE)/model.keras
DATA ?= $(EXAMPLE)/test.npz
CALIBRATE ?= $(EXAMPLE)/calibration.npz
PREPROCESS ?= signed
PARTS ?= start,calibration,evaluation,deploy,audit,audit-memory,ladder,bundle
COUNT ?= 20000
FAST := not slow and not tensorflow and not bench_data and not device and not heavy

.PHONY: demo test check test-devices gauntlet bench fuzz format clean

$(VENV)/.ready: pyproject.toml constraints.txt scripts/setup
	@scripts/setup $(VENV) $(PYTHON)

demo: $(VENV)/.ready
	@$(BIN)/litesmith deploy $(EXAMPLE)/model.keras --data $(EXAMPLE)/test.npz \
	    --calibrate $(EXAMPLE)/calibration.npz --preprocess signed --out demo-out

test: $(VENV)/.ready
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not device and not heavy$(if $(CHECKED), and not ($(FAST)))"

check: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -n 2 -m "$(FAST)"

test-devices: $(VENV)/.ready
	@scripts/test-devices $(BIN)/python

gauntlet: $(VENV)/.ready
	$(BIN)/python -m pytest -n 2 --dist loadfile tests/gauntlet tests/unit/convert/test_ladder.py

fuzz: $(VENV)/.ready
	$(BIN)/python tests/fuzz/run.py --count $(COUNT)

bench: $(VENV)/.ready
	$(BIN)/python benchmarks/run.py $(MODEL) --data $(DATA) --calibrate $(CALIBRATE) \
	    --preprocess $(PREPROCESS) --parts $(PARTS)

format: $(VENV)/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf demo-out build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
