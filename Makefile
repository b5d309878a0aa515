# Everything is done by `cargo xtask`; these names are only shorter. `cargo xtask help` tells more.

# A freshly installed cargo may not be on the PATH of this shell yet.
export PATH := $(PATH):$(HOME)/.cargo/bin

.DEFAULT_GOAL := help
.PHONY: help run dev test bench check ci clean-cache cargo

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

## Measure the optimised product.
bench: cargo
	@cargo xtask bench

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
