# The commands of the book. On a fresh machine with Python, make and git: `make book`, `make test`.
#
#   make book        set up and build the site into _build/html, and the Chinese one into html/zh
#   make serve       build, serve it on this machine and open it
#   make test        set up and run every check
#   make quick       the checks of seconds: lint, rules of chapters, and of what differs from main
#                    (on main: from the last commit) the outputs of chapters, and the functions
#   make notebook    open a chapter in JupyterLab, paired with its .md (NAME=corr2d)
#   make chapters    execute the chapters that have changed (ALL=1: all of them; TIMINGS=1: all of
#                    them, and measure anew what takes how long; NAMES="corr2d dilation": only these)
#   make translations  bring the Chinese catalogs up to date, and say what is new, out of date or
#                    missing (NAMES="corr2d dilation": only those of these pages)
#   make scripts     write the short forms of the scripts of explorer and trainer
#   make mutants     make one small mistake after the other in the package, and say which ones no
#                    test notices (NAMES="moves sizes": only in these modules; SAMPLE=100: so many)
#   make colab       run every chapter the way Colab does (LIST=tests/colab.txt: with the versions
#                    that Colab has)
#   make pdf         print the book into one file, _build/convolution.pdf
#   make release VERSION=X.Y.Z       give the book another version
#   make links       look up every link to another site, and report the dead ones with file and line
#   make bench       time our functions beside those of torch, D2L and the bare matrix product
#   make update      move the pinned versions and show which outputs change (PACKAGES="torch numpy")
#   make repository URL=https://…    move the book to another address
#   make clean       remove what was built (make distclean: and what was installed)

PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
# Exists if what these files ask for is installed; so nothing is installed twice.
READY := .venv/ready-$(shell cat requirements.txt pyproject.toml | cksum | cut -d ' ' -f 1)
PORT ?= 8000
NAME ?= corr2d
# What is not as on main; functions are tested anew if there is more among it than texts.
CHANGED = $(shell { git diff --name-only --merge-base main 2> /dev/null || git diff --name-only HEAD; \
  git ls-files -o --exclude-standard; })
TEXTS := %.md %.ipynb %.po %.bib %.csv
FUNCTIONS = $(if $(filter-out $(TEXTS),$(CHANGED)),tests/unit src)
RULES := tests/book/test_chapters.py tests/book/test_editions.py tests/book/test_reference_pages.py \
  tests/book/test_translations.py

.PHONY: book serve test quick notebook lint chapters translations mutants colab links pdf release bench update repository clean distclean
.DEFAULT_GOAL := book

$(READY):
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else \
	  "the book needs Python 3.11 or newer, and $(PYTHON) is " + sys.version.split()[0] + \
	  "; try make PYTHON=python3.12")'
	@echo "Installing what the book needs into .venv: some minutes, once"
	$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt > .venv/pip.log 2>&1 || \
	  { tail -n 40 .venv/pip.log; echo "pip could not install requirements.txt; all it said is in .venv/pip.log"; exit 1; }
	@$(BIN)/python tools/scripts.py --install
	@rm -f .venv/ready-*
	@touch $@

book: $(READY)
	@$(BIN)/python tools/chapters.py --stale
	$(BIN)/jupyter-book build -W -n --keep-going --quiet .
	$(BIN)/python tools/chinese.py
	@echo "The book is in _build/html: open _build/html/index.html, or run make serve"

serve: book
	@$(BIN)/python -c 'import socket, sys; sys.exit(socket.socket().connect_ex(("127.0.0.1", $(PORT))) == 0 \
	  and "port $(PORT) is in use; try make serve PORT=8001")'
	@echo "http://127.0.0.1:$(PORT), until you press Ctrl-C"
	@($(BIN)/python -c 'import time; time.sleep(1)' && \
	  $(BIN)/python -m webbrowser "http://127.0.0.1:$(PORT)" > /dev/null 2>&1 || true) &
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/zizmor --offline --quiet .github
	$(BIN)/python tools/scripts.py --check

test: lint
	$(BIN)/python -m pytest --numprocesses=auto

quick: lint
	$(BIN)/python -m pytest --numprocesses=auto $(FUNCTIONS) $(RULES) $(wildcard $(filter %.ipynb,$(CHANGED)))

notebook: $(READY)
	$(BIN)/jupyter lab --ServerApp.root_dir=. $(or $(firstword $(wildcard $(foreach folder,. chapters reference,$(folder)/$(NAME).ipynb))), \
	  $(error there is no chapter NAME=$(NAME)))

scripts: $(READY)
	$(BIN)/python tools/scripts.py

chapters: $(READY)
	$(BIN)/python tools/chapters.py $(if $(ALL),--all) $(if $(DISCARD),--discard) $(if $(TIMINGS),--timings) $(NAMES)

translations: $(READY)
	$(BIN)/python tools/translations.py $(NAMES)

mutants: $(READY)
	$(BIN)/python tools/mutation/run.py $(NAMES) $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED))

colab: $(READY)
	CHAPTERS=$(or $(NAMES),all) LIST=$(LIST) $(BIN)/python -m pytest -s tests/book/test_colab.py

pdf: book
	$(BIN)/python tools/pdf.py

release: $(READY)
	$(BIN)/python tools/release.py $(VERSION)

links: $(READY)
	@rm -rf _build/links
	$(BIN)/jupyter-book build --builder linkcheck --keep-going --quiet --path-output _build/links . > /dev/null 2>&1 || true
	@$(BIN)/python tools/links.py

bench: $(READY)
	$(BIN)/python benchmarks/bench.py

# uv finds the versions that go together, on every system and from the lowest Python on that the book
# supports. What builds of torch with CUDA alone bring torch itself pins.
update: $(READY)
	$(foreach name,$(PACKAGES),$(if $(shell grep -xE '$(name)([ <#].*)?' requirements.in),, \
	  $(error requirements.in has no package $(name))))
	$(BIN)/uv pip compile requirements.in --output-file requirements.txt --quiet --universal \
	  --python-version 3.11.0 --fork-strategy fewest --no-annotate --custom-compile-command "make update" \
	  $(or $(PACKAGES:%=--upgrade-package %),--upgrade)
	@sed -i.old -E '/^(nvidia|cuda|triton)/d' requirements.txt && rm requirements.txt.old
	@git --no-pager diff -U0 requirements.txt
	$(MAKE) chapters ALL=1
	git --no-pager diff --stat

repository: $(READY)
	$(BIN)/python tools/repository.py "$(URL)"

clean:
	rm -rf _build .pytest_cache .ruff_cache .mypy_cache .hypothesis

distclean: clean
	rm -rf .venv
