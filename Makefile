# What people and CI call. `make help` lists it.
#
# Each target installs what it needs (scripts/setup says what and why), can be
# interrupted, and can be repeated.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The target is named in .cargo/config.toml, so it is part of the path.
target := x86_64-unknown-linux-gnu
binary := target/$(target)/release/glassnet

# Where scripts/setup puts what is not a distribution package. Tests find
# cnitool, crictl and containerd through PATH and the reference CNI plugins in
# $GLASSNET_TOOLS/cni.
export GLASSNET_TOOLS := $(shell scripts/setup where)
export PATH := $(GLASSNET_TOOLS)/bin:$(PATH):/usr/sbin:/sbin

# Tests and benches make network namespaces, which takes root. Building does
# not: so only what was built is run with it.
# sudo may drop the environment, so what matters is named.
ifneq ($(shell id -u),0)
as_root := sudo -E env PATH=$(PATH) GLASSNET_TOOLS=$(GLASSNET_TOOLS)
export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER := $(as_root)
endif

.PHONY: help
help: ## list the targets
	@awk -F ' ## ' '/^[a-z-]+:.*## / {sub(/:.*/, "", $$1); printf "make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the one binary, static
	scripts/setup build
	cargo build --release --locked

.PHONY: demo
demo: ## build, bring up a small lab, and follow packets through it
	scripts/setup demo
	cargo build --release --locked
	$(as_root) $(binary) demo

# --no-fail-fast: one run tells of every failure. CARGO_TEST_ARGS narrows it:
# make test CARGO_TEST_ARGS='-p model'
CARGO_TEST_ARGS ?= --workspace
.PHONY: test
test: ## run all tests (CARGO_TEST_ARGS='-p model' for some)
	scripts/setup test
	$(as_root) tests/clients/host tests/clients/pods tests/clients/reference.conflist
	$(as_root) tests/clients/host tests/clients/cnitool tests/clients/reference.conflist
	cargo test --locked --no-fail-fast $(CARGO_TEST_ARGS)

# One target each, so that one can be run alone and `make -k check` tells of
# every failure in one go.
.PHONY: check
check: check-format check-lints check-licences check-spelling check-scripts check-model ## all of the following

.PHONY: setup-check
setup-check:
	@scripts/setup check

.PHONY: check-format
check-format: setup-check ## the layout of Rust code (cargo fmt puts it right)
	cargo fmt --all --check

.PHONY: check-lints
check-lints: setup-check ## clippy, every warning an error
	cargo clippy --locked --workspace --all-targets --all-features -- -D warnings

.PHONY: check-licences
check-licences: setup-check ## licences and sources of dependencies (deny.toml)
	cargo deny --log-level error --locked check --hide-inclusion-graph bans licenses sources

.PHONY: check-spelling
check-spelling: setup-check ## spelling (_typos.toml)
	typos

.PHONY: check-scripts
check-scripts: setup-check ## shell scripts
	shellcheck --external-sources $(shell grep -rlE '^#!/usr/bin/env bash' scripts tests/clients .ci)

.PHONY: check-model
check-model: setup-check ## the crate model touches nothing outside itself
	scripts/model-purity

.PHONY: audit
audit: ## look for known vulnerabilities in dependencies (fetches a list)
	scripts/setup check
	cargo deny --locked check advisories

.PHONY: mutants
mutants: ## put faults into the walk one at a time, and see each caught (half an hour and more)
	scripts/setup test
	$(as_root) scripts/mutants

.PHONY: bench
bench: ## measure ourselves, our peers and the kernel's own limit, side by side
	scripts/setup bench
	cargo build --release --locked
	cargo bench --locked --workspace

# Tests whose name has fuzz in it feed random input to parsers. As tests they
# try a few hundred cases, and a million broken packets; here as many as you
# have time for. A packet that fails is printed, and SEED plays it again.
FUZZ_CASES ?= 200000
FUZZ_PACKETS ?= 10000000
.PHONY: fuzz
fuzz: ## feed the parsers random input (FUZZ_CASES=200000 FUZZ_PACKETS=10000000 SEED=1)
	scripts/setup build
	PROPTEST_CASES=$(FUZZ_CASES) GLASSNET_FUZZ_PACKETS=$(FUZZ_PACKETS) GLASSNET_SEED=$(SEED) \
		cargo test --locked --release --workspace -- fuzz

# What may happen to several hosts, at random; `make test` plays a few. A failure names the seed that
# plays it again.
HISTORIES ?= 200
SEED ?= 1
.PHONY: histories
histories: ## play random histories of several hosts (HISTORIES=200 SEED=1), about 5 s each
	scripts/setup test
	GLASSNET_HISTORIES=$(HISTORIES) GLASSNET_SEED=$(SEED) \
		cargo test --locked -p glassnet --test cluster -- --nocapture histories

# Predicted = observed, over more networks than `make test` has time for. An interrupted run goes on
# where it was; another seed is another run.
N ?= 10000
.PHONY: drift
drift: ## predict and observe packets in random networks (N=10000 SEED=1), about 0.5 s each
	scripts/setup test
	mkdir -p target
	cargo run --locked -p drift -- run $(N) $(SEED) target/drift-$(SEED).json

.PHONY: clean
clean: ## remove what was built (the tools of set-up stay, see scripts/setup)
	cargo clean
