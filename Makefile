# Needs: a Rust toolchain, a C compiler, make. `make test` sees to the rest (tests/install).

.DEFAULT_GOAL := help
.PHONY: help run check test openapi sdk bench

help: ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Start a throwaway server with a demo user
	cargo run --locked -- demo

check: ## Everything that CI holds: format, lints, documentation, tests
	cargo fmt --all -- --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps
	$(MAKE) --no-print-directory test

test: ## Run all tests, installing what they need (ARGS="--test it login" runs some)
	@tests/install
	@tests/run $(ARGS)

openapi: ## Write again what is generated: the OpenAPI document, the example configuration, the CLI reference
	@tests/generate

sdk: ## Make SDKs for TypeScript, Python, Go, Java and Rust below target/sdk
	@PLACE="$(CURDIR)/target/sdk" tests/sdk/generate

bench: ## Measure the main paths against a bare server, a refresh on each store, OAuth, signing, verify and introspection (release build, about twelve minutes)
	cargo bench --locked --bench http
	cargo bench --locked --bench http -- refresh
	cargo bench --locked --bench http -- verify
	cargo bench --locked --bench http -- introspect
	cargo bench --locked --bench http -- oauth
	cargo bench --locked --bench http -- signing
