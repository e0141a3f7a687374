# make lab        set everything up and open the first lesson in JupyterLab
# make test       set everything up and run every test, the lessons included
# make lint       check the style of the code
# make notebooks  run the lessons again and store their outputs (make notebooks LESSONS=notebooks/01_*.ipynb)
# make clean      take away what the other commands made

PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
LESSONS ?= notebooks/*.ipynb

.PHONY: lab test lint notebooks clean

lab: $(VENV)/installed-lab
	$(BIN)/jupyter lab notebooks/00_start_here.ipynb

test: $(VENV)/installed-test
	$(BIN)/python -m pytest tests
	$(BIN)/python -m pytest --nbval-lax --nbval-current-env --nbval-cell-timeout=300 notebooks

lint: $(VENV)/installed-test
	$(BIN)/ruff check .

notebooks: $(VENV)/installed-lab
	$(BIN)/python tools/execute_notebooks.py $(LESSONS)

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache

# Set-up is done once, and again whenever what is to be installed has changed.
$(VENV)/installed-lab: pyproject.toml setup.py | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable ".[lab]"
	touch $@

$(VENV)/installed-test: pyproject.toml setup.py | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable ".[lab,test]"
	touch $@ $(VENV)/installed-lab

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' || \
	  { echo "Python 3.10 to 3.13 is needed; name one with: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@echo "Installing PyTorch, JupyterLab and the rest into $(VENV): a few minutes, once."
