# SPDX-License-Identifier: Apache-2.0
# The front door. `make` or `make help` lists the targets.
BUILD ?= build
JOBS ?= 2
CMAKE_ARGS ?=
export BUILD
N ?= 1000
CONFIG ?= all
MEM ?= all
COV ?= isa
DEV ?= all
SEED ?= $(shell date +%s)

.DEFAULT_GOAL := help
.PHONY: fpga fpga-report fpga-tools fpga-sim flash netlist-test help setup gen gen-check lint configure build build-demo test test-all conformance demo wave cov bench build-fuzz cosim fuzz clean format

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 14

setup: ## install missing Debian packages (nothing to do when all are there)
	@scripts/setup.sh

gen: ## write the generated files from rtl/spec
	@python3 scripts/gen.py

gen-check: ## fail if a generated file is stale
	@python3 scripts/gen.py --check

lint: setup ## check RTL with Verilator and Yosys, C++ format and include rules
	@scripts/lint.sh

configure: setup
	@cmake -G Ninja -S . -B $(BUILD) $(CMAKE_ARGS) >/dev/null

build: configure ## build everything into build/
	@cmake --build $(BUILD) -j $(JOBS)

test: build ## build and run the tests
	@ctest --test-dir $(BUILD) -j $(JOBS) -LE long --output-on-failure

test-all: build ## all tests, the long ones too
	@ctest --test-dir $(BUILD) -j $(JOBS) --output-on-failure

conformance: configure ## one suite for every device: DEV=ref, ..., tcp, serial, board, all or an address; CONFIG=, MEM=, FAR=
	@cmake --build $(BUILD) -j $(JOBS) --target millrace_conformance $(if $(filter tcp serial all,$(DEV)),millrace) $(if $(filter board all,$(DEV)),millrace_board)
	@scripts/conformance.py $(DEV) $(if $(filter-out all,$(CONFIG)),--config $(CONFIG)) $(if $(filter-out all,$(MEM)),--memory $(MEM)) $(if $(FAR),--far $(FAR))

build-demo: configure
	@cmake --build $(BUILD) -j $(JOBS) --target demo_digits

demo: build-demo ## run the demonstration on the Verilated machine
	@scripts/demo.sh

wave: build-demo ## the demonstration with a waveform in build/demo.fst
	@scripts/demo.sh --wave $(BUILD)/demo.fst

cov: setup ## what random programs cover: COV=isa on the cycle model (seconds), rtl lines and toggles (slow), all
	@BUILD=$(BUILD) scripts/cov.sh $(COV)

bench: build ## measure every figure of the README into build/bench.json
	@scripts/bench.py $(BUILD)

build-fuzz: configure
	@cmake --build $(BUILD) -j $(JOBS) --target millrace_fuzz

cosim: build-fuzz ## one random program on RTL, cycle and golden model: CONFIG=, SEED=, MEM=
	@$(BUILD)/millrace_fuzz --config $(CONFIG) --memory $(MEM) --seed $(SEED) --wave $(BUILD)/divergence.fst

fuzz: build-fuzz ## many of them: N=, CONFIG= (or all), MEM= (or all), SEED=
	@$(BUILD)/millrace_fuzz --config $(CONFIG) --memory $(MEM) --seed $(SEED) --count $(N) --jobs $(JOBS) --wave $(BUILD)/divergence.fst

fpga: setup ## a board's bitstream and report into build/fpga: BOARD=, SEED=, BAUD=, MEM_LOG2= (docs/guide/boards.md)
	@scripts/fpga.py build "$(BOARD)" $(if $(filter command line environment,$(origin SEED)),--seed $(SEED)) $(if $(BAUD),--baud $(BAUD)) $(if $(MEM_LOG2),--mem-log2 $(MEM_LOG2))

fpga-report: ## Markdown table of the boards that were built
	@scripts/fpga.py report

fpga-tools: ## install the tools for ECP5 and Gowin boards into build/fpga-tools (from PyPI, 550 MB)
	@scripts/setup_fpga.sh

fpga-sim: configure ## simulate what was built for BOARD= behind its serial line, next to the cycle model
	@cmake --build $(BUILD) -j $(JOBS) --target millrace
	@scripts/fpga.py sim "$(BOARD)"

flash: ## write the bitstream to BOARD= and ask it for its build: WRITE=sram or flash, PORT=
	@scripts/fpga.py flash "$(BOARD)" $(if $(WRITE),--write $(WRITE)) $(if $(PORT),--port $(PORT))

netlist-test: configure ## run programs on synthesised netlists of the core, next to the models
	@cmake --build $(BUILD) -j $(JOBS) --target netlist_test

format: setup ## format the C++ sources
	@scripts/lint.sh format --fix

clean: ## remove what was built
	@rm -rf $(BUILD)
