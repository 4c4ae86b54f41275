#!/bin/bash
# The benchmark program answers as its help says. What it measures is not judged here: no test is
# timed.
set -u
source "$(dirname "$0")/expect.sh"
bench=$build/bench_executor
[ -x "$bench" ] || { echo "no bench_executor in $build" >&2; exit 1; }

object='^\{"name":"limit_yield_1_ns","value":[0-9.e+-]+,"unit":"ns"\}$'
expect 0 "$object" "$bench" --only limit_yield_1 --json
check 'one benchmark is one line' [ "$(wc -l <"$folder/out")" -eq 1 ]
expect 0 '^limit_yield_1_ns +[0-9.]+ ns' "$bench" --only limit_yield_1

# Valgrind runs nothing that is built with a sanitizer.
if ! grep -q '^SIM_SANITIZE:BOOL=ON' "$build/CMakeCache.txt"; then
    object='^\{"name":"limit_yield_1_instr","value":[1-9][0-9.]+,"unit":"instr"\}$'
    expect 0 "$object" "$bench" --only limit_yield_1 --json --instructions
    cp "$folder/out" "$folder/once"
    expect 0 "$object" "$bench" --only limit_yield_1 --json --instructions
    check 'instructions are the same every time' cmp "$folder/once" "$folder/out"
fi

# Each does what it says; those that can tell that an operation was left out end with 1.
for name in yield_1 spawn_run spawn_await slot_round wake_leaf_1 wake_leaf_8 wake_leaf_64 \
    nested_stream io_ping io_echo_64; do
    expect 0 '^limit_.*operations$' "$bench" --run limit_$name 1024
    expect 0 "^$name: 1024 operations$" "$bench" --run $name 1024
done
for name in fiber_switch timer_insert timer_cancel timer_fire; do
    expect 0 'operations$' "$bench" --run limit_$name 1024
done
for name in switch resume yield create; do
    expect 0 'operations$' "$bench" --run fiber_$name 1024
done
for name in chan1_round chan128 mutex mutex_shared; do
    expect 0 'operations$' "$bench" --run $name 1024
done
for name in insert cancel insert_1k cancel_1k fire_1k; do
    expect 0 'operations$' "$bench" --run timer_$name 1000
done
expect 0 'operations$' "$bench" --run mt_yield 2000
expect 0 'operations$' "$bench" --run mt_spawn 1024
expect 0 'operations$' "$bench" --run limit_yield_100k 100000
expect 0 'operations$' "$bench" --run yield_100k 100000
expect 0 '"name":"task_bytes","value":[1-9]' "$bench" --only task_bytes --json

expect 2 'unknown flag "--jsn"' "$bench" --jsn
expect 2 'flag "--only": give the name' "$bench" --only
expect 2 'flag "--run": give a name and a number' "$bench" --run limit_yield_1 many
expect 2 'no benchmark "limit_nothing"' "$bench" --only limit_nothing
# A peer that is not installed is skipped, with what to install.
cp "$bench" "$folder/bench_executor"
expect 3 '^skipped: tokio \(needs librust-tokio-dev cargo; then build the target bench_peers\)' \
    "$folder/bench_executor" --only tokio.yield_1 --json
mkdir "$folder/bench_peers"
printf '#!/bin/sh\necho "$@"\nexit 5\n' >"$folder/bench_peers/bench_peer_tokio"
chmod +x "$folder/bench_peers/bench_peer_tokio"
expect 5 '^--only tokio.yield_1 --json$' "$folder/bench_executor" --only tokio.yield_1 --json
expect 2 'no benchmark "tokios.yield_1"' "$folder/bench_executor" --only tokios.yield_1

expect 0 '^usage: bench_executor' "$bench" --help
done_expecting
