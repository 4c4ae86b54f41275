#!/bin/bash
# Drives the program as a user does: every verdict, every exit code, replay, JSON, malformed input.
set -u
. "$(dirname "$0")/expect.sh"

verdict() { # NAME PATTERN
    expect 10 "$2" $sim run "$build/modules/verdict_$1.so" --corpus "$corpus"
    grep -v 'sim replay' "$folder/out" | awk 'length($0) > 80 { exit 1 }' || { failed=$((failed + 1)); echo "FAILED: $1: a line exceeds 80 columns"; }
    [ "$(tail -n 3 "$folder/out" | grep -c 'sim replay')" -eq 1 ] || { failed=$((failed + 1)); echo "FAILED: $1: no line that replays it"; }
    local id
    id=$(sed -n 's/.*sim replay \([0-9a-f]*\).*/\1/p' "$folder/out")
    expect 10 'Replayed bit-exactly' $sim replay "$id" --corpus "$corpus"
    expect 10 'Replayed bit-exactly' $sim replay "$id" --corpus "$corpus" --backend fiber
    check 'the line to be typed names the corpus' grep -q "sim trace $id --corpus $corpus\$" "$folder/out"
}

# every verdict has a program that must get it, and each replays
verdict null_pointer 'crash: access through a NULL pointer'
check 'what stdio held is shown' grep -q '^so far it came$' "$folder/out"
verdict stack_overflow 'crash: stack overflow'
verdict division 'crash: division by zero'
verdict double_free 'free of a block that is free already'
verdict wild_free 'free of a pointer that malloc did not return'
verdict assertion 'assertion: .*zero == 1.* misbehave'
verdict abort 'assertion: abort'
verdict exit_status 'exited with status 3'
verdict hang 'hang: '
expect 10 'hang: the processor was used for seconds without a call' \
    $sim run "$build/modules/verdict_hang.so" --backend baton --strategy fifo --corpus "$folder/baton.db"
check 'a hang says where' grep -Eq '^  at verdict.c:[67][0-9], thread 2 of main' "$folder/out"
id=$(sed -n 's/.*sim replay \([0-9a-f]*\).*/\1/p' "$folder/out")
expect 10 'Replayed bit-exactly' $sim replay "$id" --corpus "$folder/baton.db"
# a process of a run that somebody else ends is no finding, and says so
$sim run "$build/modules/verdict_hang.so" --backend baton --strategy fifo --corpus "$folder/baton.db" >"$folder/out" 2>&1 &
kill_grandchild() { # PID: of the child's child, which the worker made for the run
    local worker child
    for _ in $(seq 100); do
        sleep 0.1
        worker=$(pgrep -P "$(pgrep -P "$1" | head -n 1)" 2>/dev/null | head -n 1)
        child=$(pgrep -P "$worker" 2>/dev/null | head -n 1)
        [ -n "$child" ] && kill -KILL "$child" && return
    done
}
kill_grandchild $!
wait $!
check 'it has failed' [ $? -eq 1 ]
check 'and says why' grep -q '^sim: the process of a run was killed by signal 9; ' "$folder/out"
verdict no_progress 'no progress: '
verdict self_lock 'deadlock: '
check 'what stdio held is shown' grep -q '^this far it came$' "$folder/out"
verdict point_limit 'limit of 1000 points'
verdict time_limit 'limit of 60000000000 ns'
verdict thread_limit 'more than 65536 threads'
verdict heap_limit 'there is no more memory'
expect 0 '1 run, 0 failed' $sim run "$build/modules/verdict_pass.so" --corpus "$corpus"

# planted bugs are found, their correct variants are not accused, whatever the number of workers
for name in abba check_then_act lost_wakeup stale_read; do
    expect 10 "FAIL ${name}_bug" $sim fuzz ${name}_bug --runs 2000 --corpus "$folder/$name.db"
    expect 0 ' 0 failed' $sim fuzz $name --runs 5000 -j2 --corpus "$folder/clean.db"
done
# whichever operations show it, it is one bug
expect 0 '2000 runs, [1-9][0-9][0-9]* failed, 1 new' $sim fuzz stale_read_bug --seed 2 --runs 2000 --fail-on never --corpus "$folder/one.db"

# the corpus
expect 0 'The corpus is sound' $sim corpus check --corpus "$corpus"
expect 0 'verdict_abort' $sim corpus list --corpus "$corpus"
expect 0 '"verdict":"deadlock"' $sim corpus list --json --corpus "$corpus"
id=$($sim corpus list --json --corpus "$folder/abba.db" | sed -n 's/.*"id":"\([^"]*\)".*/\1/p' | head -n 1)
expect 0 'signature' $sim corpus show "$id" --corpus "$folder/abba.db"
expect 0 'lock ' $sim trace "$id" --corpus "$folder/abba.db"
expect 0 '^1 new case, 1 new bug\.$' $sim corpus merge "$folder/abba.db" --corpus "$corpus"
expect 0 "$id" $sim corpus list --json --corpus "$corpus"

# bugs are listed with what was decided and what came of a replay; closing says what it closed
bug=$folder/bug.db
expect 10 'FAIL abba_bug' $sim fuzz abba_bug --runs 2000 --time 3s --corpus "$bug"
id=$($sim corpus list --json --corpus "$bug" | sed -n 's/.*"id":"\([^"]*\)".*/\1/p' | head -n 1)
expect 0 '^[0-9a-f]{12}  abba_bug +deadlock +open +[1-9][0-9]* +[1-9][0-9]*  -$' $sim corpus list --corpus "$bug"
check 'several cases of one bug are one entry' [ "$(grep -c deadlock "$folder/out")" -eq 1 ]
check 'there were several' [ "$($sim corpus list --json --corpus "$bug" | wc -l)" -gt 1 ]
expect 0 '^also +[0-9a-f]{12}, ' $sim corpus show "$id" --corpus "$bug"
check 'and nothing was replayed yet' [ "$(grep -c '^replayed' "$folder/out")" -eq 0 ]
expect 0 '^[0-9a-f]{12}  abba_bug +open +reproduces$' $sim corpus check --corpus "$bug"
expect 0 ' open .*  reproduces$' $sim corpus list --corpus "$bug"
expect 10 'bit-exactly' $sim replay "$id" --corpus "$bug"
expect 0 '^replayed .*: reproduces, on the build it was found on' $sim corpus show "$id" --corpus "$bug"
expect 0 '^Closed as fixed: deadlock of abba_bug, with [1-9][0-9]* cases\.' $sim corpus close "$id" --corpus "$bug"
expect 0 ' fixed ' $sim corpus list --corpus "$bug"
expect 0 '^bug +fixed, seen in [1-9]' $sim corpus show "$id" --corpus "$bug"
expect 10 'a bug that was closed as fixed happens again' $sim corpus check --corpus "$bug"
# a corpus that may not be written is checked and replayed all the same
mkdir "$folder/sealed"
cp "$bug" "$folder/sealed/bug.db"
chmod a-w "$folder/sealed/bug.db" "$folder/sealed"
expect 10 'bit-exactly' $sim replay "$id" --corpus "$folder/sealed/bug.db"
expect 10 'reproduces' $sim corpus check --corpus "$folder/sealed/bug.db"

# what was found with other libraries, and comes out differently now, says so
cp "$bug" "$folder/other.db"
sqlite3 "$folder/other.db" "UPDATE cases SET build = zeroblob(16), fingerprint = zeroblob(16)"
expect 13 'is the same, but sim or a library is built differently' $sim replay "$id" --corpus "$folder/other.db"
expect 0 '^replayed .*: same-bug, on another build, ' $sim corpus show "$id" --corpus "$folder/other.db"

# a pinned case is a text, from which any corpus takes it; what was changed in it is refused
from() { # FOLDER COMMAND...
    (cd "$1" && shift && "$@")
}
pinned=$folder/abba_bug-${id:0:12}.case
expect 0 "Its text is in abba_bug-${id:0:12}.case" from "$folder" $sim corpus pin "$id" --corpus "$bug"
expect 0 'Its text is in' from "$folder" $sim corpus pin "$id" --corpus "$bug"
expect 0 '^1 new case, 1 new bug\.$' $sim corpus merge "$pinned" --corpus "$folder/taken.db"
expect 0 '^0 new cases, 0 new bugs\.$' $sim corpus merge "$pinned" --corpus "$folder/taken.db"
expect 0 ' \(pinned\)$' $sim corpus show "$id" --corpus "$folder/taken.db"
expect 10 'bit-exactly' $sim replay "$id" --corpus "$folder/taken.db"
sed -i 's/^seed .*/seed 7/' "$pinned"
expect 2 'is no case: ' $sim corpus merge "$pinned" --corpus "$folder/taken.db"
expect 2 'is there already and says something else' from "$folder" $sim corpus pin "$id" --corpus "$bug"

# each verb with a table says the same as JSON, one object a line; a run says all about itself
json() { # EXIT PATTERN VERB...: like expect, and every line is an object
    local code=$1 pattern=$2
    shift 2
    expect "$code" "$pattern" $sim "$@" --json --corpus "$folder/json.db"
    check 'every line is a JSON object' python3 -c 'import json, sys
lines = open(sys.argv[1]).read().splitlines()
sys.exit(not (lines and all(isinstance(json.loads(line), dict) for line in lines)))' "$folder/out"
}
all='"seed":[0-9]+,"strategy":"[a-z]+[^"]*","verdict":"[a-z]+","message":".*","fingerprint":"[0-9a-f]{32}","steps":[1-9][0-9]*,"time_ns":[1-9][0-9]*'
json 0 "^\{\"event\":\"run\",\"scenario\":\"abba\",$all\}\$" run abba --seed 7
check 'a run is one line' [ "$(wc -l <"$folder/out")" -eq 1 ]
fingerprint=$(sed 's/.*"fingerprint":"\([0-9a-f]*\)".*/\1/' "$folder/out")
json 0 "\"number\":19,$all\}\$" run abba --runs 20
check 'every run is told' [ "$(grep -c '"verdict":"pass"' "$folder/out")" -eq 20 ]
json 10 "$all,\"signature\":\"[0-9a-f]{32}\",\"id\":\"[0-9a-f]{32}\",\"new\":true\}\$" \
    run abba_bug --runs 200
id=$(sed -n 's/.*"id":"\([^"]*\)".*/\1/p' "$folder/out")
failing=$(sed -n 's/.*"seed":\([0-9]*\),.*"verdict":"deadlock".*/\1/p' "$folder/out")
json 10 "\"seed\":$failing,.*\"id\":\"$id\",\"new\":false" run abba_bug --seed "$failing"
json 0 "$fingerprint" run abba --seed 7
json 10 "\"result\":\"same\".*\"steps\":[1-9]" replay "$id"
json 10 '"event":"finding"' fuzz abba_bug --runs 200
json 12 '"event":"nondeterminism"' fuzz "$build/modules/leak_pointer.so" --runs 100
json 0 '"what":"lock"' trace "$id"
json 0 '"scenario":"abba_bug"' list
json 0 '"state":"done"' corpus campaigns
json 0 "\"id\":\"$id\"" corpus list
json 0 "\"signature\":" corpus show "$id"
json 0 '"replayed":"reproduces"' corpus list
json 0 '"cases":1' corpus check
check 'each bug is told' [ "$(grep -c '"replayed":"reproduces"' "$folder/out")" -eq 1 ]
json 0 '"good":true' doctor

# a scenario that changed or is gone
cp "$build/scenarios/abba_bug.so" "$folder/mine.so"
expect 10 'FAIL' $sim fuzz "$folder/mine.so" --runs 2000 --corpus "$folder/mine.db"
id=$($sim corpus list --json --corpus "$folder/mine.db" | sed -n 's/.*"id":"\([^"]*\)".*/\1/p' | head -n 1)
cp "$build/scenarios/lost_wakeup.so" "$folder/mine.so"
expect 13 'To look for it again:  sim fuzz' $sim replay "$id" --corpus "$folder/mine.db"
expect 13 'has changed' $sim replay "$id" --corpus "$folder/mine.db"
expect 0 '^replayed .*, on another build, ' $sim corpus show "$id" --corpus "$folder/mine.db"
rm "$folder/mine.so"
expect 2 'there is no scenario' $sim replay "$id" --corpus "$folder/mine.db"

# a module that is named by a path from here is found again from elsewhere; so is a corpus whose
# name a shell would take apart
cp "$build/scenarios/abba_bug.so" "$folder/near.so"
mkdir "$folder/a corpus"
expect 10 "sim replay [0-9a-f]* --corpus 'a corpus/near.db'\$" \
    from "$folder" $sim fuzz ./near.so --runs 2000 --corpus 'a corpus/near.db'
id=$($sim corpus list --json --corpus "$folder/a corpus/near.db" | sed -n 's/.*"id":"\([^"]*\)".*/\1/p' | head -n 1)
expect 10 'Replayed bit-exactly' from / $sim replay "$id" --corpus "$folder/a corpus/near.db"

# a path as long as continuous integration makes them is kept whole; a longer one is refused
long="$folder/$(printf 'd%.0s' $(seq 1 120))/$(printf 'e%.0s' $(seq 1 120))"
mkdir -p "$long"
cp "$build/scenarios/abba_bug.so" "$long/mine.so"
expect 10 'FAIL' $sim fuzz "$long/mine.so" --runs 2000 --corpus "$folder/long.db"
id=$($sim corpus list --json --corpus "$folder/long.db" | sed -n 's/.*"id":"\([^"]*\)".*/\1/p' | head -n 1)
expect 10 'deadlock' $sim replay "$id" --corpus "$folder/long.db"
expect 2 'at most 511 bytes' $sim run "$(printf './%.0s' $(seq 1 256))mine.so"

# whoever asks for one run sees what the program printed
expect 0 'epoll_create = ' $sim run "$build/modules/kernel_calls.so" --seed 1 --corpus "$corpus"

# a world that cannot be is refused before anything runs, with a sentence
refused() { # NAME PATTERN
    expect 2 "$2" $sim run "$build/modules/refused/declared_$1.so" --runs 3 --corpus "$corpus"
}
refused daemon 'node 99 is to be a daemon and does not exist'
refused partition_node 'a partition names node 2, which does not exist'
refused partition_time 'a partition ends before it begins'
refused reset_node 'a reset names node 7, which does not exist'
refused reset_lasts 'only what takes time lasts'
refused loss 'a link loses 2000000 and doubles 0 parts per million'
refused stack 'a stack has 16384 to 1073741824 bytes, not 1'
refused points 'a limit of no points ends every run'
refused time 'a limit of no time ends every run'
refused heap 'a heap has 65536 bytes at least'
refused bound '"it is bounded" has a bound that is none'
refused counter '"it counts" names no counter'
refused sentence '"" must have 1 to 95 characters'
refused name '"" must have 1 to 31 characters'
refused always '"there is one" holds always, and it does not hold before anything happened, when a is 0'
expect 1 'sim_fail\(\) outside of a run: it is no run' \
    $sim run "$build/modules/refused/declared_fail.so" --corpus "$corpus"

# malformed input: one sentence, the right exit code
expect 2 'no verb' $sim frobnicate
expect 2 'sim fuzz SCENARIO' $sim
check 'without a verb it says what there is, not what is wrong' [ "$(grep -c 'no verb' "$folder/out")" -eq 0 ]
expect 2 'name a scenario' $sim fuzz
expect 2 'there is no scenario nope' $sim run nope
expect 2 'does not know --frob; ' $sim run abba --frob
expect 2 '--runs needs a value' $sim fuzz abba --runs
expect 2 '-j needs a value' $sim fuzz abba -j
check 'one sentence for all processes' [ "$($sim fuzz abba --strategy clever -j4 2>&1 | wc -l)" -eq 1 ]
check 'one sentence for all scenarios' [ "$($sim fuzz nope abba -j4 2>&1 | wc -l)" -eq 1 ]
expect 0 '"seed":10,' $sim run abba --seed 010 --json --corpus "$corpus"
expect 0 '"seed":16,' $sim run abba --seed 0x10 --json --corpus "$corpus"
expect 2 'list takes 0 names, so "abba" is one too many' $sim list abba
expect 2 '--seed' $sim run abba --seed 99999999999999999999999
expect 2 '--seed' $sim run abba --seed -1
expect 2 '--runs' $sim fuzz abba --runs 0
expect 2 '--time' $sim fuzz abba --time soon
expect 2 '--shard' $sim fuzz abba --shard 2/2
expect 2 '--strategy' $sim run abba --strategy clever
expect 2 '--points' $sim run abba --points words
expect 2 'abba has no source that is instrumented' $sim run abba --points atomics --corpus "$corpus"
expect 10 '^FAIL atomic_count_bug: property: the object is destroyed once' $sim fuzz atomic_count_bug --corpus "$folder/inside.db"
id=$(sed -n 's/^To see it again:  sim replay \([0-9a-f]*\).*/\1/p' "$folder/out")
expect 10 '^Replayed bit-exactly' $sim replay "$id" --backend baton --corpus "$folder/inside.db"
expect 0 ' cas |^ .* update .* atomic_count.c:' $sim trace "$id" --corpus "$folder/inside.db"
expect 0 '^300 runs, 0 failed' $sim fuzz atomic_count_bug --points calls --runs 300 \
    --corpus "$folder/calls.db"

# strategies side by side
compared() { # without the processor time, which no two runs share
    $sim compare lost_wakeup_bug --runs 300 | sed 's/ *[0-9.]*$//'
}
compared >"$folder/out"
check 'each strategy has a line' [ "$(grep -Ec '^[a-z-]+ +[0-9]+ of 20 +([0-9]+\.[0-9]|-) +([0-9]+|-)$' "$folder/out")" -eq 8 ]
check 'random finds it each time' grep -Eq '^random +20 of 20 ' "$folder/out"
check 'the same seed compares alike' [ "$(compared)" = "$(cat "$folder/out")" ]
expect 0 '^starve +0 of 20 +- +- ' $sim compare lost_wakeup --runs 10
json 0 '"strategy":"delay","trials":20,"runs_max":10,"found":0,"mean":null,"median":null,"cpu_ms":[0-9.]+' \
    compare lost_wakeup --runs 10
expect 2 'name a scenario' $sim compare
expect 2 'leave --strategy out' $sim compare abba --strategy random
expect 2 'no source that is instrumented' $sim compare abba --points atomics
expect 2 'no scenario nowhere' $sim compare nowhere
# the runs that tell how long a run is must not be the shortest
expect 10 '^FAIL net_descriptor_bug: ' $sim fuzz net_descriptor_bug --strategy pct --seed 1 --runs 2000 \
    --corpus "$folder/probed.db"
for strategy in delay:depth=2 starve pos reads-from; do
    expect 10 "^FAIL lost_wakeup_bug: " $sim fuzz lost_wakeup_bug --seed 1 --strategy $strategy --runs 5000 --corpus "$folder/$strategy.db"
    id=$(sed -n 's/^To see it again:  sim replay \([0-9a-f]*\).*/\1/p' "$folder/out")
    expect 10 '^Replayed bit-exactly' $sim replay "$id" --corpus "$folder/$strategy.db"
done
echo 'not a module' >"$folder/text.so"
expect 2 'cannot load the module' $sim run "$folder/text.so" --corpus "$corpus"
expect 2 'no scenario' $sim run "$build/libsim.so" --corpus "$corpus"
expect 2 'no corpus' $sim corpus list --corpus "$folder/missing.db"
echo 'this is no database, however long it is' >"$folder/text.db"
expect 2 'could not be stored' $sim run abba_bug --runs 200 --corpus "$folder/text.db"
expect 2 '' $sim replay zz --corpus "$corpus"
expect 2 '' $sim replay ffffffffffff --corpus "$corpus"

done_expecting
