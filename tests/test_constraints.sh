#!/bin/bash
# What may come before what: kept under every seed, refused where it means nothing, vacuous where
# nothing comes.
set -u
. "$(dirname "$0")/expect.sh"

modules=$build/modules
fuzz() { # NAME RUNS
    $sim fuzz "$modules/constraint_$1.so" --runs "$2" --corpus "$folder/$1.db"
}
runs_with() { # SENTENCE: in how many runs, by the last output
    sed -n "s/.*: $1: in \([0-9]*\) runs\{0,1\}$/\1/p" "$folder/out"
}

# without it, both orders come
expect 10 'property: the constraint is kept: wrong is 1, expected 0' fuzz free 100

kept() { # NAME SENTENCE
    expect 0 "^1000 runs, 0 failed" fuzz "$1" 1000
    check "$1: exercised in each run" [ "$(runs_with "$2")" -eq 1000 ]
}
kept order 'order(mark second 1 of main, mark first 1 of main)'
kept call 'order(mark second 1 of main, lock 1 of main)'
kept starts 'order(mark second 1 of main, thread 2 of main starts)'
kept wakes 'order(mark second 1 of main, wake 2 of main)'
kept timer 'order(mark second 1 of main, timer 1 of main expires)'
kept time 'hold(mark first 1 of main, time 3 ms)'
kept message 'hold(message from server arrives at client, mark ready 1 of client)'
kept sent 'hold(message from server to client is sent, mark ready 1 of client)'
kept read 'hold(message 1 from server is read at client, mark answered 1 of server)'
kept stream 'hold(message 2 from server arrives at client, mark ready 1 of client)'
kept cut 'hold(message 2 from server arrives at client, mark ready 1 of client)'

# who misspells a mark is told what came
cat >"$folder/spelt.lua" <<'LUA'
local n = node("n", function() mark "sent" mark "timeout" end)
local other = node("other", function() mark "tmieout" end)
order(mark(n, "tmieout"), mark(n, "sent"))
hold(mark(n, "sent"), { until_ = mark("any", "nothing like it") })
order(mark(n, "timeout"), mark(other, "tmieout"))
never("this is as it should be", mark(n, "sentt"))
LUA
expect 11 '^  .*spelt.lua: mark tmieout of n never came; did you mean timeout\?$' \
    $sim fuzz "$folder/spelt.lua" --runs 50 --corpus "$folder/spelt.db"
check 'what came is told' grep -qx '    there came: timeout, sent' "$folder/out"
check 'of any node' grep -q 'mark nothing like it of any node never came$' "$folder/out"
check 'what may stay away is not asked for' [ "$(grep -c 'never came' "$folder/out")" -eq 2 ]
check 'it says what to do' grep -q 'leave it out, or name an occasion that comes in any case\.$' "$folder/out"
expect 11 '"event":"unmarked","scenario":".*spelt.lua","node":"n","mark":"tmieout","nearest":"timeout"}' \
    $sim fuzz "$folder/spelt.lua" --runs 50 -j2 --json --corpus "$folder/spelt.db"

# a race goes both ways
expect 0 '^1000 runs, 0 failed' fuzz race 1000
check 'the reply wins often' [ "$(runs_with 'the reply wins')" -gt 100 ]
check 'the timeout wins often' [ "$(runs_with 'the timeout wins')" -gt 100 ]

# and two workers do the same
cp "$folder/out" "$folder/once"
expect 0 '^1000 runs, 0 failed' $sim fuzz "$modules/constraint_race.so" --runs 1000 -j2 --corpus "$folder/again.db"
check 'two workers count the same' cmp -s "$folder/once" "$folder/out"

# what never comes
expect 11 'order.mark second 1 of main, mark nowhere 1 of main.: in no run$' fuzz absent 200
check 'it says so' grep -q '^Vacuous: ' "$folder/out"

# what comes later than a message can
expect 11 'hold.message from server arrives at client, mark ready 1 of client.: in no run$' fuzz late 200
check 'and both intervals' grep -A1 -E '^    infeasible in [0-9]+ runs: the message can arrive from [0-9.]+ to 1[0-9]{2}\.[0-9]{3} ms,$' "$folder/out"
check 'of what it was held for' grep -E '^    and what it was held for came from 2[0-9]{2}\.[0-9]{3} to 2[0-9]{2}\.[0-9]{3} ms$' "$folder/out"
expect 11 '"event":"unmet","scenario":".*constraint_late.so","refused":0,"infeasible":[1-9]' \
    $sim fuzz "$modules/constraint_late.so" --runs 200 --json --corpus "$folder/later.db"

refused() { # NAME SENTENCE
    expect 2 "$2" $sim run "$modules/refused/refused_constraint_$1.so" --corpus "$corpus"
}
refused held_block 'order\(\) cannot hold a thread that blocks: .* hold its call$'
refused same_twice 'order\(\) names the same occasion twice$'
refused no_call 'there is no call "lok"; sim trace shows their words$'
refused no_mark 'the mark "" must have 1 to 31 characters$'
refused no_chance 'maybe\(\) is in force in n of m runs, with 0 < n < m$'
refused no_node 'an occasion names a node that does not exist$'

done_expecting
