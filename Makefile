# make lab        set everything up and open the first lesson in JupyterLab (make lab TORCH=cpu: PyTorch without CUDA; setup_course.py)
# make test       set everything up and run the tests and the lessons
# make test-fast  only what takes a moment, mostly on a tiny domain: for the time between two edits
# make test-full  every test, also those that take hours or much memory on a laptop
# make fuzz       change honest files at random for an hour, or FUZZ_SECONDS for each of 37 kinds, and read them
# make test-colab run the tests of the widgets with the versions that Colab has
# make lessons-colab  run three lessons with them
# make lint       check the style, the spelling, the types and the layers of the code
# make coverage   which lines the tests run; build/coverage has a page for each file
# make docs       an API page from the docstrings, in build/docs
# make notebooks  run the lessons again and store their outputs (make notebooks LESSONS=notebooks/01_*.ipynb)
# make release    write the students' versions of the assignments, in notebooks/assignments/release
# make slides     a deck of slides from the lessons, in build/slides
# make publish-links REPOSITORY=owner/name   give every notebook its Colab badge and the cell that installs the kit there
# make clean      take away what the other commands made

PYTHON  ?= python3
TORCH   ?= default
VENV    := .venv
BIN     := $(VENV)/bin
LESSONS ?= notebooks/*.ipynb
# owner/name of the repository in which the kit is published: every address in it is made of this (make publish-links).
REPOSITORY ?=

# Threads that leave room for other processes, in everything that is started here: Jupyter's kernels, tests, lessons.
export OMP_WAIT_POLICY := passive

# Two processes where there are cores and memory for both (conftest.py); a file's tests stay together, for what they share.
# The lessons, which take longest, come first, so that neither process waits for the other at the end.
PYTEST  := $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder
# Seconds after which a test counts as hanging: almost four times what the longest took on the slowest machine so far.
TIMEOUT := --timeout=1200
NBVAL   := --nbval-lax --nbval-current-env --nbval-cell-timeout=900

# The lessons that are tried with Colab's versions: the first one, one with a long search, the one with the most widgets.
ON_COLAB := notebooks/00_start_here.ipynb notebooks/04_styleclip_latent_optimization.ipynb notebooks/07_studio.ipynb

.PHONY: lab test test-fast test-full fuzz test-colab lessons-colab lint coverage docs notebooks release slides publish-links clean

lab:
	@$(PYTHON) setup_course.py --torch "$(TORCH)" --venv $(VENV)

test: $(VENV)/installed-test
	$(PYTEST) $(TIMEOUT) -m "not full" $(NBVAL) notebooks tests --ignore=tests/browser --ignore=notebooks/assignments
	$(BIN)/python -m pytest $(TIMEOUT) -m "not full" tests/browser

test-fast: $(VENV)/installed-test
	$(PYTEST) $(TIMEOUT) -m "not slow and not full" tests --ignore=tests/browser

test-full: $(VENV)/installed-test
	FUZZ_SECONDS=9 $(PYTEST) $(NBVAL) notebooks tests --ignore=tests/browser --ignore=notebooks/assignments
	$(BIN)/python -m pytest tests/browser

fuzz: $(VENV)/installed-test
	FUZZ_SECONDS=$${FUZZ_SECONDS:-97} $(BIN)/python -m pytest -x tests/test_fuzz.py

test-colab: $(VENV)/installed-colab
	PYTHONPATH="$(CURDIR)/$(VENV)/colab" $(BIN)/python -m pytest -W ignore::DeprecationWarning tests/widgets

lessons-colab: $(VENV)/installed-colab
	PYTHONPATH="$(CURDIR)/$(VENV)/colab" $(BIN)/python -m pytest -W ignore::DeprecationWarning $(NBVAL) $(ON_COLAB)

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/codespell
	$(BIN)/lint-imports
	$(BIN)/pyright --pythonpath $(BIN)/python

coverage: $(VENV)/installed-dev
	$(PYTEST) -m "not full" --cov --cov-report=term --cov-report=html:build/coverage tests --ignore=tests/browser

docs: $(VENV)/installed-dev
	$(BIN)/python -m tools.api_pages build/docs

notebooks: $(VENV)/installed-lab
	$(BIN)/python tools/execute_notebooks.py $(LESSONS)

release: $(VENV)/installed-grade
	$(BIN)/python -m styleclip_lib.grading.release notebooks/assignments/release

slides: $(VENV)/installed-grade
	$(BIN)/python -m tools.make_slides build/slides notebooks/*.ipynb

publish-links: $(VENV)/installed-lab
	$(BIN)/python -m tools.publish_links "$(REPOSITORY)"

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache

# Set-up is done once, and again whenever what is to be installed has changed.
$(VENV)/installed-%: pyproject.toml setup.py
	@$(PYTHON) setup_course.py --for $* --torch "$(TORCH)" --venv $(VENV) --no-start

# Colab's widgets, kernel, shell and arrays, beside the newer ones and before them on the path.
$(VENV)/installed-colab: $(VENV)/installed-test Makefile
	$(BIN)/python -m pip install --quiet --no-deps --upgrade --target $(VENV)/colab ipywidgets==7.7.1 ipython-genutils==0.2.0 \
	  ipykernel==6.17.1 ipython==7.34.0 traitlets==5.7.1 jupyter-client==7.4.9 backcall pickleshare entrypoints decorator nest-asyncio \
	  numpy==2.1.3 pillow==11.3.0
	touch $@
