#!/bin/bash
# The library shows what its public headers declare, and nothing else.
set -u
build=${SIM_BUILD:-$(pwd)}
while [ ! -f "$build/libexecutor.so" ] && [ "$build" != / ]; do build=$(dirname "$build"); done
[ -f "$build/libexecutor.so" ] || { echo "no libexecutor.so above $(pwd)" >&2; exit 1; }
headers=$(cd "$(dirname "$0")/../executor/include/ex" && pwd)
failed=0

shown=$(nm -D --defined-only "$build/libexecutor.so" | awk '{ print $3 }')
[ "$(echo "$shown" | wc -l)" -gt 100 ] || { echo "FAILED: nm names hardly anything"; exit 1; }
for name in $shown; do
    case $name in __tsan_*|__asan_*|__ubsan_*|__odr_asan*) continue ;; esac
    if ! grep -qw -- "$name" "$headers"/*.h; then
        failed=$((failed + 1))
        echo "FAILED: the library shows $name, which no public header declares"
    fi
done
exit $((failed > 0))
