# Everything is done by `make train` and `make test`, set-up included. See BUILD.md.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup train test lint clean FORCE

VENV := .venv
PY := $(VENV)/bin/python
RUN := runs/faces_inpaint
EXPORTED := exported/faces_inpaint

help:
	@echo "make train   set up, train faces_inpaint on procedural faces, evaluate and export it"
	@echo "make test    set up and run the tests"
	@echo "make lint    set up and check the style"
	@echo "make clean   remove the environment; runs and exports stay"

setup: $(VENV)/ready

$(VENV)/ready: requirements.txt requirements-dev.txt constraints.txt tools/setup.sh
	@sh tools/setup.sh $(VENV)
	@touch $@

train: $(EXPORTED)/ready
	@cat $(RUN)/metrics.txt
	@echo "pictures:  $(RUN)/report.png"
	@echo "exported:  $(EXPORTED)/saved_model  $(EXPORTED)/model.tflite"

# Always asked: it goes on with a training that was interrupted, and touches nothing of a finished one.
$(RUN)/generator.keras: setup FORCE
	$(PY) -m tools.train --task=faces_inpaint --preset=default --run_dir=$(RUN)

$(RUN)/metrics.txt: $(RUN)/generator.keras
	$(PY) -m tools.evaluate --run_dir=$(RUN)

$(EXPORTED)/ready: $(RUN)/metrics.txt
	$(PY) -m tools.export --run_dir=$(RUN) --output=$(EXPORTED)
	@touch $@

# A file stays with one process, and so does what its tests share.
test: setup
	$(PY) -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

FORCE:

clean:
	rm -rf $(VENV)
