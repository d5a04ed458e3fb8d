#!/usr/bin/env bash
# Builds the tests of the host and of the runtime with a sanitizer, into .build-NAME, and runs them.
#
#   test-sanitized.sh address|thread [swift test arguments]
set -euo pipefail
cd "$(dirname "$0")/.."
sanitizer=$1
shift
# Left out: a suite that limits templates to a small stack; a sanitizer needs several times as much.
[ $# -gt 0 ] || set -- --filter 'HostTests|EngineTests|ServicesTests|JSONTests|CollectionsTests|TensorRuntimeTests|TokenizersTests' \
    --skip HostileTemplateTests
# Package.swift then leaves out what would hide the sanitizer from the libraries that the tests
# load.
export ROOST_SANITIZED=1
build=(
    -c release --scratch-path ".build-$sanitizer" --sanitize "$sanitizer" -Xswiftc -use-ld=lld)

swift build "${build[@]}" --build-tests
# XCTest's runner leaks; a C library that a test compiles does not come first in the library order;
# tests of crashes must die of the signal, not of a report about it.
signals=handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0
export ASAN_OPTIONS=$signals:detect_leaks=0:verify_asan_link_order=0:detect_stack_use_after_return=0
export TSAN_OPTIONS=$signals:suppressions=$PWD/Tests/Support/Sanitizers/thread.supp:report_signal_unsafe=0
export SWIFT_BACKTRACE=enable=no
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=2
if [ "$sanitizer" = thread ]; then
    clang -O1 -fPIC -shared -Wall -Wextra -o .build-thread/order.so Tests/Support/Sanitizers/order.c
    export LD_PRELOAD=$PWD/.build-thread/order.so
fi
swift test "${build[@]}" --skip-build "$@"
