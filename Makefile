# Everything is done by `cargo xtask`; these names are only shorter. `cargo xtask help` tells more.

# A freshly installed cargo may not be on the PATH of this shell yet.
export PATH := $(PATH):$(HOME)/.cargo/bin

.DEFAULT_GOAL := help
.PHONY: help run dev test simulate mutants faults bench bench-peers check ci clean-cache cargo

help: cargo
	@cargo xtask help

## Set up what is missing, build, and serve; prints the address and the demo accounts.
run: cargo
	@cargo xtask run

## Serve quick builds and build again after every change.
dev: cargo
	@cargo xtask dev

## Set up what is missing, build, and run every test; ends with `N passed, N failed`.
test: cargo
	@cargo xtask test

## Run 10,000 seeds of the simulation of sync; a broken promise is told with the few steps that break it.
simulate: cargo
	@cargo xtask simulate

## Show that the simulation notices every fault that is built in on purpose.
mutants: cargo
	@cargo xtask mutants

## Kill the server and PostgreSQL a few thousand times, fill the disk, tear at the network; then audit the ledger.
faults: cargo
	@cargo xtask faults

## Measure the optimised product.
bench: cargo
	@cargo xtask bench

## Measure the same work by Guanjia and by PouchDB with its server.
bench-peers: cargo
	@cargo xtask bench-peers

## Formatting and lints.
check: cargo
	@cargo xtask check

## What has to hold before a change is merged.
ci: cargo
	@cargo xtask ci

## Remove what set-up keeps outside this folder.
clean-cache: cargo
	@cargo xtask clean-cache

cargo:
	@command -v cargo > /dev/null 2>&1 || { \
	  echo "Rust is missing: there is no \`cargo\` here. Install it from https://rustup.rs (no settings needed),"; \
	  echo "open a new terminal, and run \`make $(firstword $(MAKECMDGOALS))\` again. Everything else is set up from there."; \
	  exit 1; }
	@command -v cc > /dev/null 2>&1 || { \
	  echo "A C compiler is missing: Rust links with it. On Debian or Ubuntu: sudo apt-get install gcc libc6-dev"; \
	  exit 1; }
