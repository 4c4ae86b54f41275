#!/bin/bash
# A small soak of the executor: some thousand tasks at one time, on one thread and on two.
set -u
source "$(dirname "$0")/expect.sh"
soak=$build/soak
[ -x "$soak" ] || { echo "no soak in $build" >&2; exit 1; }

for workers in 0 2; do
    expect 0 '^20000 tasks alive, [1-9][0-9]* bytes each$' \
        "$soak" --tasks 20000 --workers $workers --seed 2
    check 'each has returned' grep -q '^20000 tasks returned, nothing is left$' "$folder/out"
done
expect 0 '^seed 7, 0 worker threads$' "$soak" --tasks 10 --rounds 3 --seed 7
check 'three rounds' [ "$(grep -c 'tasks alive' "$folder/out")" -eq 3 ]
for usage in '--tasks' '--tasks 0' '--tasks x' '--tasks -1' '--workers 5000' '--task 1' 'x'; do
    expect 2 '^usage: soak' "$soak" $usage
done
done_expecting
