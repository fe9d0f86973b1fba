# demo and test install what they need on a fresh Debian 12 or Ubuntu with Swift 6.3.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

SWIFT ?= swift
OUT ?= demo-output
TEST_MODEL := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kerf/SmolLM2-135M-Instruct.Q4_1.gguf

FUZZ_ROUNDS ?= 20000
FUZZ_SEED ?= 1
PYTHON ?= python3

.PHONY: help demo test test-suite test-aarch64 build-arm64 test-arm64 test-arm64-suite test-distributions test-onednn-v3 test-torch test-runtimes test-gpu check-report check-trace compare-program compare-peft fuzz-messages kill-training soak beside-busy compare-split cut-cable compare-wire goodput many-devices test-tokenizers test-dependent lint build bench bench-layer bench-card five-devices reference docs examples setup setup-test test-model fuzz fuzz-captures sanitize planted-defects hardware hardware-essential packages packages-arm64 test-packages lint-ansible test-fleet test-slurm clean

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 28

demo: setup build ## Build, then profile this box and decide where to cut a model; takes minutes, files go to demo-output/
	@bash Scripts/fetch-test-model.sh "$(TEST_MODEL)" || echo "demo: using random weights of the same shapes"
	@.build/release/kerf demo --out "$(OUT)" $$( [ -f "$(TEST_MODEL)" ] && printf -- '--weights %q' "$(TEST_MODEL)" )

test: setup test-model lint ## Lint, build, and run all tests
	@$(PYTHON) Scripts/planted-defects.py --check
	@bash Scripts/test-aarch64-kernels.sh
	@bash Scripts/setup-notebook.sh
	$(SWIFT) build --build-tests $(TEST_BUILD)
	KERF=$(TEST_SCRATCH)/release/kerf .build-notebook/bin/python -m unittest discover Python/tests
	@$(MAKE) --no-print-directory test-suite

test-suite: ## Run the tests that make test has built, in TEST_SCRATCH (.build-test)
	$(SWIFT) test --skip-build $(TEST_BUILD) --skip '$(CONCURRENT_TESTS)' --skip '$(MEASURING_TESTS)'
	$(SWIFT) test --skip-build $(TEST_BUILD) --filter '$(CONCURRENT_TESTS)'
	$(SWIFT) test --skip-build $(TEST_BUILD) --no-parallel --filter '$(MEASURING_TESTS)'

# Tested is what users run: compiled in release, where objects live as long as the optimizer lets them. That takes half the
# time, too.
TEST_SCRATCH ?= .build-test
TEST_BUILD := -c release -Xswiftc -enable-testing --scratch-path $(TEST_SCRATCH)

# Tests that wait for each other in tasks run apart from those that block a thread: the task runtime has one thread a
# processor, and blocked ones would let connections time out.
CONCURRENT_TESTS := ^SplitTrainingTests\.

# Tests that profile until they know what they compare run alone: profiling beside other tests takes many times as long.
MEASURING_TESTS := ^CommandLineTests\.(GroundTruthTests/|MeterCommandTests/stepsMatchTheGroundTruth)

FUZZ_SECONDS ?= 300
FUZZ_KINDS ?= profiles calibrations scenarios traces iperf3 captures powercap gguf safetensors config
fuzz: setup setup-test ## Run libFuzzer on FUZZ_KINDS (all) for FUZZ_SECONDS (300) each; findings go to fuzz-output/
	@SWIFT="$(SWIFT)" bash Scripts/fuzz.sh "$(FUZZ_SECONDS)" $(FUZZ_KINDS)

sanitize: setup setup-test ## Run tests under ThreadSanitizer and AddressSanitizer; each builds everything first
	@SWIFT="$(SWIFT)" bash Scripts/sanitize.sh thread address

REPORT ?= $(OUT)/report.html
check-report: ## Open REPORT (the demo's) in a headless browser without a network, in light, dark and print; installs Chromium
	@bash Scripts/setup.sh browser
	$(PYTHON) Scripts/check-report.py "$(REPORT)" --out .build-report

TRACE ?= run.pftrace
PROFILE ?= profile.json
check-trace: ## Check TRACE, made by kerf trace from PROFILE, with Perfetto's own schema; installs it into .build-trace
	@[ -x .build-trace/bin/python ] || { $(PYTHON) -m venv .build-trace && .build-trace/bin/python -m pip install --quiet perfetto; }
	.build-trace/bin/python Scripts/check-trace.py "$(PROFILE)" "$(TRACE)"

test-tokenizers: setup setup-test ## Compare tokenizers with Hugging Face's on 10,000 lines in many languages
	@SWIFT="$(SWIFT)" bash Scripts/test-tokenizers.sh

test-torch: build ## Test the Python client with PyTorch, and profile a PEFT model; installs 3 GB into .build-torch
	bash Scripts/test-torch.sh .build/release/kerf

TORCH_PYTHON ?= python3
test-gpu: build ## Profile a PEFT model on an NVIDIA GPU with TORCH_PYTHON, which has PyTorch, transformers and PEFT; takes minutes
	$(PYTHON) Scripts/test-gpu.py --kerf .build/release/kerf --python $(TORCH_PYTHON)

test-runtimes: build test-model ## Profile forward passes of llama.cpp and ONNX Runtime; builds llama.cpp in .build-runtimes
	bash Scripts/test-runtimes.sh .build/release/kerf "$(TEST_MODEL)"

compare-program: build ## Compare Kerf's own layers with the same in another program; takes minutes
	$(SWIFT) build -c release --product marked-program
	$(PYTHON) Scripts/compare-program.py --kerf .build/release/kerf --program .build/release/marked-program

compare-peft: build test-model ## Compare 50 steps of training with PEFT, and load the adapters that Kerf wrote into PEFT
	@bash Scripts/setup-torch.sh
	.build-torch/bin/python Scripts/compare-peft.py --kerf .build/release/kerf --gguf "$(TEST_MODEL)"

COMPARE_SPLIT := $(PYTHON) Scripts/compare-split.py --kerf .build/release/kerf
compare-split: build test-model ## Train unsplit and split at several cuts, and compare every byte; takes minutes and 6 GB
	$(COMPARE_SPLIT) --weights "$(TEST_MODEL)"
	$(COMPARE_SPLIT) --weights "$(TEST_MODEL)" --cuts 0,7,15,29 --server-threads 2 --lr 1e-4
	$(COMPARE_SPLIT) --model llama-3.2-1b --vocabulary 128256 --cuts 5,16 --steps 20

compare-wire: build test-model ## Compare held-out losses over the wire formats, five seeds; takes half an hour
	$(PYTHON) Scripts/compare-wire.py --kerf .build/release/kerf --weights "$(TEST_MODEL)"

goodput: build ## Measure what Kerf's channel adds, and its goodput against bare TCP; takes minutes, needs root and iperf3
	$(PYTHON) Scripts/goodput.py --kerf .build/release/kerf

many-devices: build ## Let twenty devices take turns, of which four vanish
	$(PYTHON) Scripts/many-devices.py --kerf .build/release/kerf

FUZZ_MESSAGES ?= 1000000
fuzz-messages: setup setup-test ## Damage messages of split training, FUZZ_MESSAGES (1,000,000) of each kind
	KERF_FUZZ_ROUNDS=$(FUZZ_MESSAGES) $(SWIFT) test $(TEST_BUILD) --filter FuzzedMessageTests

kill-training: build ## Kill a split training 200 times at random moments and compare its result with an undisturbed one
	$(PYTHON) Scripts/kill-training.py --kerf .build/release/kerf --kills 200 --steps 400

SOAK_SECONDS ?= 3600
SOAK_OPTIONS ?= --hotplug --clock-steps
soak: build ## Run Kerf for SOAK_SECONDS (3600) beside load, CPUs off line, steps of the clock, signals, a full disk; needs root
	$(PYTHON) Scripts/soak.py --kerf .build/release/kerf --seconds $(SOAK_SECONDS) $(SOAK_OPTIONS)

beside-busy: build ## Profile beside a busy program and on the quiet box, ten times in turn, and compare; wants a steady box
	$(PYTHON) Scripts/beside-busy.py --kerf .build/release/kerf

cut-cable: build ## Cut the link of a split training four times for 3 to 20 s and compare its result; needs root
	$(PYTHON) Scripts/cut-cable.py --kerf .build/release/kerf

test-aarch64: setup ## Check the C kernels for 64-bit Arm under emulation; part of make test, skipped where it cannot be installed
	@bash Scripts/test-aarch64-kernels.sh

build-arm64: ## Cross-build kerf for 64-bit Arm with Debian sid's Swift; sets up .build-arm64 (10 GB), needs root
	@bash Scripts/setup.sh arm64
	$(PYTHON) Scripts/build-arm64.py

test-arm64: build build-arm64 ## Run the cross-built kerf under emulation, and train between it and a native server; needs root
	$(PYTHON) Scripts/test-arm64.py --kerf .build/release/kerf

test-arm64-suite: ## Cross-build the tests and run under emulation what makes sense there; needs root, takes hours
	@bash Scripts/setup.sh arm64
	$(PYTHON) Scripts/build-arm64.py --tests
	$(PYTHON) Scripts/test-arm64.py --suite

TEST_DISTRIBUTIONS_OPTIONS ?=
test-distributions: ## Build and test in Debian 13 and Ubuntu 24.04, in chroots in .build-distributions; needs root, takes hours
	@bash Scripts/setup.sh distributions
	$(PYTHON) Scripts/test-distributions.py $(TEST_DISTRIBUTIONS_OPTIONS)

test-onednn-v3: setup ## Build the matrix products against oneDNN 3 and check them
	@bash Scripts/test-onednn-v3.sh

test-dependent: setup ## Build a package that depends on Kerf's libraries, without unsafe flags
	@SWIFT="$(SWIFT)" bash Scripts/test-dependent.sh

planted-defects: setup setup-test ## Plant the defects of other tools one by one, and check that tests fail
	@SWIFT="$(SWIFT)" $(PYTHON) Scripts/planted-defects.py

HARDWARE := $(PYTHON) Tests/Hardware/bench.py --kerf .build/release/kerf
hardware: build ## Run Kerf against the kernel's own drivers in an emulated machine; downloads 240 MB and takes most of an hour
	$(HARDWARE)

hardware-essential: build ## The cases of make hardware that every change has to pass; takes minutes
	$(HARDWARE) --essential --log .build-hardware/essential.log

PACKAGES ?= packages
KERF_EXECUTABLE ?=
packages: setup ## Build with a static Swift runtime and make PACKAGES/*.deb and a tarball; KERF_EXECUTABLE takes one that is built
	@bash Scripts/setup.sh packages
	$(PYTHON) Scripts/make-packages.py --out "$(PACKAGES)" $(if $(KERF_EXECUTABLE),--executable "$(KERF_EXECUTABLE)")

packages-arm64: build build-arm64 ## Make the .deb and the tarball for 64-bit Arm (Debian 13) in PACKAGES; needs root
	@bash Scripts/setup.sh packages
	$(PYTHON) Scripts/make-packages.py --executable .build-arm64/static/release/kerf --arch arm64 --root .build-arm64/debian13 \
	    --checkouts .build-arm64/static/checkouts --help-from .build/release/kerf --out "$(PACKAGES)"

TEST_PACKAGES_OPTIONS ?=
test-packages: ## Install PACKAGES in clean Debian systems without Swift, and run a profile and a split training there; needs root
	@bash Scripts/setup.sh test-packages
	$(PYTHON) Scripts/test-packages.py --packages "$(PACKAGES)" $(TEST_PACKAGES_OPTIONS)

lint-ansible: ## Check the Ansible collection with ansible-lint
	@bash Scripts/setup.sh fleet
	@bash Scripts/lint-ansible.sh

test-fleet: lint-ansible ## Run the playbooks against five boxes in namespaces, with PACKAGES; needs root
	$(PYTHON) Tests/Fleet/fleet.py --packages "$(PACKAGES)"

test-slurm: build ## Profile three nodes by Slurm, all on this machine; needs root
	@bash Scripts/setup.sh slurm
	$(PYTHON) Tests/Slurm/slurm.py --kerf .build/release/kerf

lint: ## Check the formatting and the words
	$(SWIFT) format lint --strict --recursive Package.swift Benchmarks Probes Sources Tests
	$(PYTHON) Scripts/retired-words.py

build: setup ## Build in release
	$(SWIFT) build -c release --product kerf

bench: bench-layer bench-card ## Run all benchmarks, each against a reference in the same run

bench-layer: build test-model ## Benchmark blocks and training steps against bare products, PyTorch and PEFT: one table
	@bash Scripts/setup-torch.sh
	.build-torch/bin/python Benchmarks/layers.py --kerf .build/release/kerf --gguf "$(TEST_MODEL)" \
	    --python .build-torch/bin/python

bench-card: setup ## Benchmark decisions per second on one core against NumPy
	$(SWIFT) build -c release --product card-bench
	@bash Scripts/setup.sh numpy
	$(PYTHON) Benchmarks/CARD/compare_numpy.py .build/release/card-bench

five-devices: build ## Regenerate docs/five-devices.md and its diagram; takes seconds
	$(PYTHON) Scripts/five-devices.py .build/release/kerf docs

reference: build ## Make the manual's pages on file formats and commands again
	$(PYTHON) Scripts/make-reference.py

KERF_UPDATE_DOCS ?= 1
docs: build setup-test ## Write the outputs that the manual shows again; KERF_UPDATE_DOCS=full also those that take minutes
	$(SWIFT) build --build-tests $(TEST_BUILD)
	KERF_UPDATE_DOCS=$(KERF_UPDATE_DOCS) KERF_PROGRAMS="$$PWD/.build/release" \
		$(SWIFT) test --skip-build $(TEST_BUILD) --filter DocumentationTests

examples: build ## Measure docs/examples again; takes three minutes and wants a quiet box
	@bash Scripts/make-examples.sh .build/release/kerf

setup: ## Install the libraries that Kerf needs
	@bash Scripts/setup.sh build

setup-test:
	@bash Scripts/setup.sh test

# Fetching needs the Python that setup-test installs.
test-model: setup-test
	@bash Scripts/fetch-test-model.sh "$(TEST_MODEL)" || echo "test model: not available; tests that need it will be skipped"

fuzz-captures: setup setup-test ## Damage captures at random, repeatable with FUZZ_ROUNDS (20000) and FUZZ_SEED (1)
	$(SWIFT) build --build-tests $(TEST_BUILD)
	KERF_FUZZ_ROUNDS=$(FUZZ_ROUNDS) KERF_FUZZ_SEED=$(FUZZ_SEED) $(SWIFT) test --skip-build $(TEST_BUILD) --filter fuzzedArchivesNeverLeadOut

clean: ## Remove all build products
	rm -rf .build .build-fuzz .build-notebook .build-report .build-trace .build-hardware .build-tsan .build-asan .build-test .build-torch .build-runtimes .build-packages .build-arm64 .build-distributions packages fuzz-output planted-output "$(OUT)"
