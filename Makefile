# `make demo` and `make test` are all a newcomer needs; both make their own .venv first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint venv docs bench pins release

demo: .venv/runtime
	$(BIN)/mlay demo demo

# A file's tests stay on one worker, which builds their wheel or town once. Not the files with most
# tests go first, but those marked slow (tests/conftest.py).
# Hundreds of processes are started: they shall find what Python has compiled, whatever is set.
test: venv
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The reference pages are made from schemas/, the guide's screens by living its month; a test fails
# while they are behind.
docs: venv
	WRITE_DOCS=1 $(BIN)/pytest -q tests/test_docs.py tests/test_guide.py tests/test_install_guide.py

# The hash of every output of the sample town. The commit that holds new ones names the cause.
pins: venv
	WRITE_PINS=1 $(BIN)/pytest -q tests/test_pins.py

# Ratios in one run: bare library calls, what a user would write, and ours. Minutes.
bench: venv
	cd tests && ../$(BIN)/python -m benchmarks --sizes $(or $(SIZES),70,1000)

# dist/: wheel and sdist, with PYTHON_ZIP (an embeddable Python for Windows) the zip too, checksums.
# Files have the time of the commit: see Entry in packaging/windows.py.
release: venv
	rm -rf dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m build --no-isolation
ifdef PYTHON_ZIP
	$(BIN)/pip download --no-deps --only-binary=:all: --platform=win_amd64 --python-version=3.13 \
	    --require-hashes --requirement=packaging/windows-wheels.txt --dest=build/wheels
	$(BIN)/python packaging/windows.py dist/*.whl --python="$(PYTHON_ZIP)" --wheels=build/wheels
endif
	cd dist && sha256sum * >SHA256SUMS

# Needs LibreOffice, poppler, Xvfb, ImageMagick and Dovecot; look at what it has drawn.
pictures: venv
	$(BIN)/python tests/make_pictures.py

venv: .venv/ready

# What the program itself needs, for the demo and for daily work.
.venv/runtime: pyproject.toml constraints.txt
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/ready: .venv/runtime
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@
