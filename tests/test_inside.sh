#!/bin/bash
# The executor with a switch between any two of its atomic operations: the scenarios that the shared
# library runs in, with the same sources, instrumented.
. "$(dirname "$0")/expect.sh"
runs=60 # too few for all that must happen sometimes, which the calls are asked for

for module in "$build"/instrumented/*_inside.so; do
    name=$(basename "$module" .so)
    $sim fuzz "$module" --points atomics --runs $runs --corpus "$folder/$name.db" >"$folder/out" 2>&1
    check "$name holds" grep -q "^$runs runs, 0 failed" "$folder/out"
done
expect 2 'mix@atomics@atomics' $sim run "$build/instrumented/ex_select_inside.so" --points atomics \
    --strategy mix@atomics
done_expecting
