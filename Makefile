# demo and test do all their own set-up on a fresh Debian 12 or Ubuntu with Swift 6.3.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

SWIFT ?= swift
OUT ?= demo-output
TEST_MODEL := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kerf/SmolLM2-135M-Instruct.Q4_1.gguf

FUZZ_ROUNDS ?= 20000
FUZZ_SEED ?= 1
PYTHON ?= python3

.PHONY: help demo test test-onednn-v3 test-dependent lint build bench bench-layer bench-card five-devices reference docs examples setup setup-test test-model fuzz fuzz-captures planted-defects clean

help: ## Show what can be made
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 24

demo: setup build ## Build, then doctor, profile, calibrate and decide on this box; files go to demo-output/
	@bash Scripts/fetch-test-model.sh "$(TEST_MODEL)" || echo "demo: going on with random weights of the same shapes"
	@.build/release/kerf demo --out "$(OUT)" $$( [ -f "$(TEST_MODEL)" ] && printf -- '--weights %q' "$(TEST_MODEL)" )

test: setup test-model lint ## Lint, build and run all tests
	@$(PYTHON) Scripts/planted-defects.py --check
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build

FUZZ_SECONDS ?= 300
FUZZ_KINDS ?= profiles calibrations captures powercap
fuzz: setup setup-test ## libFuzzer on FUZZ_KINDS (all) for FUZZ_SECONDS (300) each; findings stay in fuzz-output/
	@SWIFT="$(SWIFT)" bash Scripts/fuzz.sh "$(FUZZ_SECONDS)" $(FUZZ_KINDS)

test-onednn-v3: setup ## Build the products against oneDNN 3 from Python packages, and check them
	@bash Scripts/test-onednn-v3.sh

test-dependent: setup ## Build a package that depends on Kerf's libraries, without unsafe flags
	@SWIFT="$(SWIFT)" bash Scripts/test-dependent.sh

planted-defects: setup setup-test ## Plant the defects of other tools, one by one, and see that tests fail
	@SWIFT="$(SWIFT)" $(PYTHON) Scripts/planted-defects.py

lint: ## Check the formatting
	$(SWIFT) format lint --strict --recursive Package.swift Probes Sources Tests

build: setup ## Build in release
	$(SWIFT) build -c release --product kerf

bench: bench-layer bench-card ## All benchmarks, each against a reference in the same run

bench-layer: build test-model ## A block against bare products and against PyTorch; training steps against PEFT
	@bash Benchmarks/layer.sh "$(TEST_MODEL)"

bench-card: setup ## Decisions per second on one core, against NumPy in the same run
	$(SWIFT) build -c release --product card-bench
	@bash Scripts/setup.sh numpy
	$(PYTHON) Benchmarks/CARD/compare_numpy.py .build/release/card-bench

five-devices: build ## Make docs/five-devices.md and its figure again; takes seconds
	$(PYTHON) Scripts/five-devices.py .build/release/kerf docs

reference: build ## Make the manual's pages on file formats and commands again
	$(PYTHON) Scripts/make-reference.py

KERF_UPDATE_DOCS ?= 1
docs: build setup-test ## Write the outputs that the manual shows again; KERF_UPDATE_DOCS=full also those that take minutes
	$(SWIFT) build --build-tests
	KERF_UPDATE_DOCS=$(KERF_UPDATE_DOCS) KERF_PROGRAMS="$$PWD/.build/release" \
		$(SWIFT) test --skip-build --filter DocumentationTests

examples: build ## Measure docs/examples again; takes five minutes and wants a quiet box
	@bash Scripts/make-examples.sh .build/release/kerf

setup: ## Install the libraries Kerf is built on
	@bash Scripts/setup.sh build

setup-test:
	@bash Scripts/setup.sh test

# Fetching needs the Python that the tests need.
test-model: setup-test
	@bash Scripts/fetch-test-model.sh "$(TEST_MODEL)" || echo "tests that need the model will be skipped"

fuzz-captures: setup setup-test ## Damage captures at random, unguided but repeatable: FUZZ_ROUNDS=20000 FUZZ_SEED=1
	$(SWIFT) build --build-tests
	KERF_FUZZ_ROUNDS=$(FUZZ_ROUNDS) KERF_FUZZ_SEED=$(FUZZ_SEED) $(SWIFT) test --skip-build --filter fuzzedArchivesNeverLeadOut

clean: ## Remove everything built
	rm -rf .build .build-fuzz .build-torch fuzz-output planted-output "$(OUT)"
