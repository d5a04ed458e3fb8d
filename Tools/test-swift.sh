#!/usr/bin/env bash
# Runs the built Swift tests. If some fail, names them again at the end, after thousands of other
# lines.
#
#   test-swift.sh [--filter NAME]
set -uo pipefail
cd "$(dirname "$0")/.."
log=.build/swift-tests.log

# With the large fixtures present, a test that misses one fails; elsewhere it is skipped and says
# so.
[ ! -d ../shared/fixtures ] || export ROOST_FIXTURES="${ROOST_FIXTURES-required}"

# Two tests at a time: many kill processes and wait for the consequences; run all at once, they only
# wait for the machine.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=2
swift test -c release --skip-build "$@" 2>&1 | tee "$log" && exit
status=$?
echo "What failed, of $log:"
grep --text --only-matching '✘ Test .*' "$log" | cut --characters=-400
exit $status
