#!/bin/bash
# Nodes that lose their power start again as new, the same in each back end; their peers notice by
# silence. Nodes that are paused stand still.
set -u
. "$(dirname "$0")/expect.sh"

modules=$build/modules
fuzz() { # NAME RUNS
    $sim fuzz "$modules/reborn_$1.so" --runs "$2" --corpus "$folder/$1.db"
}
runs_with() { # SENTENCE: in how many runs, by the last output
    sed -n "s/.*: $1: in \([0-9]*\) runs\{0,1\}$/\1/p" "$folder/out"
}
prints() { # NAME RUNS OPTIONS...: the fingerprints of runs
    local name=$1 runs=$2
    shift 2
    $sim run "$modules/reborn_$name.so" --runs "$runs" --json --corpus "$folder/prints.db" "$@" |
        sed -n 's/.*"event":"run".*"fingerprint":"\([0-9a-f]*\)".*/\1/p'
}

for name in by_time by_mark; do
    expect 0 '^500 runs, 0 failed' fuzz $name 500
    check "$name: it starts again" [ "$(runs_with 'it starts again')" -eq 500 ]
    check "$name: a request is not answered" [ "$(runs_with 'a request is not answered')" -eq 500 ]
done
expect 0 '^500 runs, 0 failed' fuzz for_good 500
check 'who stays away is not waited for' [ "$(runs_with 'crash of server at time 3 ms')" -eq 500 ]
expect 0 '^500 runs, 0 failed' fuzz drawn 500
check 'a drawn crash comes' [ "$(runs_with 'it starts again')" -gt 150 ]
check 'a drawn crash does not always come' [ "$(runs_with 'it starts again')" -lt 350 ]
expect 0 '^500 runs, 0 failed' fuzz paused 500
check 'a pause comes' [ "$(runs_with 'pause of server at time 2 ms')" -eq 500 ]

# the same runs, one after the other, in a process for each, and with real threads
for name in by_time by_mark drawn for_good paused; do
    prints $name 40 >"$folder/$name.fiber"
    check "$name has fingerprints" [ "$(wc -l <"$folder/$name.fiber")" -eq 40 ]
    prints $name 40 --backend baton >"$folder/$name.baton"
    check "$name: the baton gives the same runs" cmp -s "$folder/$name.fiber" "$folder/$name.baton"
done

# the thousandth run of a worker is that of a process of its own
$sim run "$modules/reborn_by_mark.so" --runs 1000 -j1 --json --corpus "$folder/prints.db" |
    grep '"event":"run"' | tail -n 1 >"$folder/last"
seed=$(sed -n 's/.*"seed":"\{0,1\}\([0-9]*\).*/\1/p' "$folder/last")
sed -n 's/.*"fingerprint":"\([0-9a-f]*\)".*/\1/p' "$folder/last" >"$folder/thousandth"
strategy=$(sed -n 's/.*"strategy":"\([^"]*\)".*/\1/p' "$folder/last")
$sim run "$modules/reborn_by_mark.so" --seed "$seed" --strategy "$strategy" --json --corpus "$folder/prints.db" |
    sed -n 's/.*"fingerprint":"\([0-9a-f]*\)".*/\1/p' >"$folder/alone"
check 'there is a thousandth run' [ "$(wc -c <"$folder/thousandth")" -eq 33 ]
check 'the thousandth run is the same alone' cmp -s "$folder/thousandth" "$folder/alone"

# the report shows what became of a node between what its threads did
expect 10 '^ *[0-9]+\.[0-9] +crash' $sim fuzz half_booking_bug --corpus "$folder/half.db"
check 'and that it starts again' grep -qE '^ *[0-9]+\.[0-9] +restart' "$folder/out"

# what is left of files is what a naive model says
for name in kept synced torn; do
    expect 0 '^2000 runs, 0 failed' $sim fuzz "$modules/durable_$name.so" --runs 2000 --corpus "$folder/durable.db"
done
check 'a write is torn' [ "$(runs_with 'a write is torn')" -gt 100 ]

done_expecting
