#!/usr/bin/env bash
# Every named plugin exports roost_plugin_query_v1 and nothing else.
set -euo pipefail

failed=0
for library in "$@"; do
    found=$(nm --dynamic --defined-only --extern-only --format=posix "$library" | cut -d' ' -f1 | paste -sd' ')
    if [ "$found" != roost_plugin_query_v1 ]; then
        echo "$library exports '$found', expected 'roost_plugin_query_v1' alone:" \
            "link with -Wl,--version-script=Plugins/exports.map" >&2
        failed=1
    fi
done
exit $failed
