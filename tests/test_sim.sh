#!/bin/bash
# Drives the program as a user does: every verdict, every exit code, replay, malformed input.
set -u
build=${SIM_BUILD:-$(pwd)}
while [ ! -f "$build/sim" ] && [ "$build" != / ]; do build=$(dirname "$build"); done
[ -f "$build/sim" ] || { echo "no sim above $(pwd)" >&2; exit 1; }
sim=$build/sim
source=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
corpus=$folder/corpus.db
failed=0

# expect EXIT PATTERN COMMAND...: the exit code, and a line that matches on stdout or stderr.
expect() {
    local code=$1 pattern=$2
    shift 2
    "$@" >"$folder/out" 2>&1
    local got=$?
    if [ $got -ne "$code" ] || ! grep -qE -- "$pattern" "$folder/out"; then
        failed=$((failed + 1))
        echo "FAILED: $*"
        echo "  exit $got, wanted $code and /$pattern/; it printed:"
        sed 's/^/  | /' "$folder/out"
    fi
}

check() { # SENTENCE COMMAND...
    local sentence=$1
    shift
    "$@" || { failed=$((failed + 1)); echo "FAILED: $sentence: $*"; sed 's/^/  | /' "$folder/out"; }
}
line_of() { # LEAK: where it leaks
    grep -n "sim_count" "$source/modules/leak_$1.c" | cut -d: -f1
}

verdict() { # NAME PATTERN
    expect 10 "$2" $sim run "$build/modules/verdict_$1.so" --corpus "$corpus"
    awk 'length($0) > 80 { exit 1 }' "$folder/out" || { failed=$((failed + 1)); echo "FAILED: $1: a line exceeds 80 columns"; }
    [ "$(tail -n 3 "$folder/out" | grep -c 'sim replay')" -eq 1 ] || { failed=$((failed + 1)); echo "FAILED: $1: no line that replays it"; }
    local id
    id=$(sed -n 's/.*sim replay \([0-9a-f]*\).*/\1/p' "$folder/out")
    expect 10 'Replayed bit-exactly' $sim replay "$id" --corpus "$corpus"
    expect 10 'Replayed bit-exactly' $sim replay "$id" --corpus "$corpus" --backend fiber
}

# every verdict has a program that must get it, and each replays
verdict null_pointer 'crash: access through a NULL pointer'
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
verdict point_limit 'limit of 1000 points'
verdict time_limit 'limit of 60000000000 ns'
verdict thread_limit 'more than 65536 threads'
verdict heap_limit 'there is no more memory'
expect 0 '1 run, 0 failed' $sim run "$build/modules/verdict_pass.so" --corpus "$corpus"

# what depends on the world outside is no finding
expect 12 'NONDETERMINISM' $sim fuzz "$build/modules/leak_heap.so" --runs 200 --corpus "$corpus"
expect 12 'first different event: number 3, count' $sim fuzz "$build/modules/leak_pointer.so" --runs 200 --corpus "$corpus"
# also when it happens long before the last events, which alone are at hand
late() { # NAME LINE
    expect 12 "first different event: number 12002, count at leak_$1.c:$2\$" \
        $sim fuzz "$build/modules/leak_$1_late.so" --runs 100 --corpus "$corpus"
    check 'the first run is told' grep -Eq '^    once   thread 1 of main: count gave [0-9]+$' "$folder/out"
    check 'the second run is told' grep -Eq '^    again  thread 1 of main: count gave [0-9]+$' "$folder/out"
    check 'it says what differs' grep -q 'They differ in the result' "$folder/out"
    check 'the last common event is told' grep -q 'both   thread 1 of main: mark' "$folder/out"
}
late heap "$(line_of heap)"
late pointer "$(line_of pointer)"
late clock "$(line_of clock)"
expect 12 '"number":12002,"once":\{.*"what":"count".*"again":\{.*"what":"count","object":0,"result":165,.*"common":\{.*"what":"mark"' \
    $sim run "$build/modules/leak_heap_late.so" --runs 2 --json --corpus "$corpus"
for _ in 1 2 3; do # each time it happens somewhere else, also while it is looked for
    expect 12 'They differ in what was done' $sim fuzz "$build/modules/leak_place.so" --runs 10 --corpus "$corpus"
    check 'one of the two has come to the place' grep -Eq '(once|again)  +thread 1 of main: count gave 1$' "$folder/out"
    check 'the other has not' grep -Eq '(once|again)  +thread 1 of main: mark gave' "$folder/out"
done
# what the processor says about time is virtual time
expect 0 ' 0 failed, 0 new.$' $sim fuzz "$build/modules/stamp_late.so" --runs 200 --corpus "$corpus"

# planted bugs are found, their correct variants are not accused, whatever the number of workers
for name in abba check_then_act lost_wakeup; do
    expect 10 "FAIL ${name}_bug" $sim fuzz ${name}_bug --runs 2000 --corpus "$folder/$name.db"
    expect 0 ' 0 failed' $sim fuzz $name --runs 5000 -j2 --corpus "$folder/clean.db"
done

# stopped SIGNAL CORPUS COMMAND...: its exit code when it gets the signal after some runs
stopped() {
    local signal=$1 corpus=$2 pid before
    shift 2
    before=$(runs_counted "$corpus")
    "$@" --corpus "$corpus" >"$folder/out" 2>&1 &
    pid=$!
    for _ in $(seq 200); do
        sleep 0.1
        [ "$(runs_counted "$corpus")" -gt "$before" ] && break
    done
    kill -s "$signal" $pid
    wait $pid
    stopped_code=$?
}
runs_counted() { # CORPUS: of all its campaigns
    $sim corpus campaigns --json --corpus "$1" 2>/dev/null |
        awk -F'"runs":' '{ split($2, runs, ","); sum += runs[1] } END { print sum + 0 }'
}
number() { # NAME: of the last line of JSON that has it
    sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "$folder/out" | tail -n 1
}

# a campaign that is stopped says so, and the same command goes on where it was; another one begins
# anew, and so does the same one once it has ended
long=($sim fuzz abba --runs 900000000 --json)
stopped INT "$folder/stop.db" "${long[@]}"
check 'SIGINT saves the state' [ $stopped_code -eq 75 ]
check 'it says that it was stopped' grep -q '"stopped":true' "$folder/out"
runs=$(number runs)
stopped TERM "$folder/stop.db" "${long[@]}"
check 'SIGTERM saves the state' [ $stopped_code -eq 75 ]
check 'it goes on after the last run' [ "$(number first)" -eq "$runs" ]
runs=$((runs + $(number runs)))
expect 0 "\"state\":\"stopped\",\"seed\":1,\"next\":$runs,\"runs\":$runs,\"failed\":0" \
    $sim corpus campaigns --json --corpus "$folder/stop.db"
stopped INT "$folder/stop.db" $sim fuzz abba --runs 900000000 -j2
check 'it says what to do' grep -q 'run the same command again to go on' "$folder/out"
stopped INT "$folder/stop.db" $sim fuzz abba --runs 900000000 -j2
check 'and then goes on' grep -q 'Going on with run [1-9]' "$folder/out"
expect 0 '"first":0' $sim fuzz abba --runs 100 --json --corpus "$folder/stop.db"
expect 0 '"first":0' $sim fuzz abba --runs 100 --json --corpus "$folder/stop.db"
# a failure found before the stop is not forgotten
stopped INT "$folder/stop.db" $sim fuzz abba_bug --time 1h
check 'a finding comes before the stop' [ $stopped_code -eq 10 ]

# what makes it fail: anything found, only what is new, nothing; found it is and stored all the same
fuzz_on() { # FAIL_ON CORPUS
    $sim fuzz abba_bug --runs 300 --fail-on "$1" --corpus "$folder/$2.db"
}
expect 10 'new\.$' fuzz_on any any
expect 10 ' 0 new\.$' fuzz_on any any
expect 10 '[1-9][0-9]* failed, 1 new\.$' fuzz_on new new
expect 0 '[1-9][0-9]* failed, 0 new\.$' fuzz_on new new
expect 0 '[1-9][0-9]* failed, 1 new\.$' fuzz_on never never
expect 0 'deadlock' $sim corpus list --corpus "$folder/never.db"
expect 0 'did not repeat' $sim fuzz "$build/modules/leak_pointer.so" --runs 200 --fail-on never --corpus "$corpus"
expect 12 'did not repeat' $sim fuzz "$build/modules/leak_pointer.so" --runs 200 --fail-on new --corpus "$corpus"
expect 2 '--fail-on "sometimes" is not valid' fuzz_on sometimes any

# on a terminal one line tells how far it is, and colour what failed; neither in a pipe, with
# NO_COLOR no colour, with --json nothing that is no JSON
terminal() { # COMMAND...: on a terminal of its own
    TERM=xterm script -qec "$*" /dev/null </dev/null
}
line='\[K00:00:0[0-9]  [1-9][0-9]* runs, [1-9][0-9]* runs/s, 0 failed, 0 cases, [0-9]+ (s|ms) simulated'
expect 0 "$line" terminal $sim fuzz abba --time 1s --corpus "$folder/stop.db"
expect 0 '^[1-9][0-9]* runs, 0 failed, 0 new.$' $sim fuzz abba --time 1s --corpus "$folder/stop.db"
check 'no progress in a pipe' [ "$(wc -l <"$folder/out")" -eq 1 ]
expect 0 '"event":"end"' terminal $sim fuzz abba --time 1s --json --corpus "$folder/stop.db"
check 'no progress beside JSON' [ "$(grep -vc '^{.*}.$' "$folder/out")" -eq 0 ]
red=$'\033\\[1;31mFAIL'
expect 10 "$red" terminal $sim run abba_bug --runs 300 --corpus "$folder/color.db"
expect 10 '\[KFAIL abba' env NO_COLOR=1 TERM=xterm script -qec "$sim run abba_bug --runs 300 --corpus '$folder/color2.db'" /dev/null
expect 10 '^FAIL' $sim run abba_bug --runs 300 --corpus "$folder/color3.db"

# shards part the same runs among machines, whatever the number of processes
failures=0
for shard in 0 1 2; do
    expect 0 '' $sim fuzz abba_bug --fail-on never --runs 1000 --shard $shard/3 -j2 --json --corpus "$folder/shards.db"
    failures=$((failures + $(number failed)))
done
expect 0 '"runs":1000,' $sim fuzz abba_bug --fail-on never --runs 1000 --json --corpus "$folder/whole.db"
check 'three shards find what one whole finds' [ "$(number failed)" -eq $failures ]
expect 0 '^done .*1000 runs +[1-9][0-9]* failed  sim fuzz abba_bug' $sim corpus campaigns --corpus "$folder/whole.db"
expect 0 "\"next\":1000,\"runs\":1000,\"failed\":$failures," $sim corpus campaigns --json --corpus "$folder/whole.db"
check 'there is something to find' [ $failures -gt 10 ]
expect 3 '0 runs' $sim fuzz abba --runs 1 --shard 1/2 --corpus "$folder/shards.db"

# the corpus
expect 0 'The corpus is sound' $sim corpus check --corpus "$corpus"
expect 0 'verdict_abort' $sim corpus list --corpus "$corpus"
expect 0 '"verdict":"deadlock"' $sim corpus list --json --corpus "$corpus"
id=$($sim corpus list --json --corpus "$folder/abba.db" | sed -n 's/.*"id":"\([^"]*\)".*/\1/p' | head -n 1)
expect 0 'signature' $sim corpus show "$id" --corpus "$folder/abba.db"
expect 0 'lock ' $sim trace "$id" --corpus "$folder/abba.db"
expect 0 '1 new cases' $sim corpus merge "$folder/abba.db" --corpus "$corpus"
expect 0 "$id" $sim corpus list --json --corpus "$corpus"

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
json 0 '"cases":1' corpus check
json 0 '"good":true' doctor

# a scenario that changed or is gone
cp "$build/scenarios/abba_bug.so" "$folder/mine.so"
expect 10 'FAIL' $sim fuzz "$folder/mine.so" --runs 2000 --corpus "$folder/mine.db"
id=$($sim corpus list --json --corpus "$folder/mine.db" | sed -n 's/.*"id":"\([^"]*\)".*/\1/p' | head -n 1)
cp "$build/scenarios/lost_wakeup.so" "$folder/mine.so"
expect 13 'has changed' $sim replay "$id" --corpus "$folder/mine.db"
rm "$folder/mine.so"
expect 2 'there is no scenario' $sim replay "$id" --corpus "$folder/mine.db"

# a path as long as continuous integration makes them is kept whole; a longer one is refused
long="$folder/$(printf 'd%.0s' $(seq 1 120))/$(printf 'e%.0s' $(seq 1 120))"
mkdir -p "$long"
cp "$build/scenarios/abba_bug.so" "$long/mine.so"
expect 10 'FAIL' $sim fuzz "$long/mine.so" --runs 2000 --corpus "$folder/long.db"
id=$($sim corpus list --json --corpus "$folder/long.db" | sed -n 's/.*"id":"\([^"]*\)".*/\1/p' | head -n 1)
expect 10 'deadlock' $sim replay "$id" --corpus "$folder/long.db"
expect 2 'at most 511 bytes' $sim run "$(printf './%.0s' $(seq 1 256))mine.so"

# malformed input: one sentence, the right exit code
expect 2 'no verb' $sim frobnicate
expect 2 'no verb' $sim
expect 2 'name a scenario' $sim fuzz
expect 2 'there is no scenario nope' $sim run nope
expect 2 'does not know' $sim run abba --frob
expect 2 '--seed' $sim run abba --seed 99999999999999999999999
expect 2 '--seed' $sim run abba --seed -1
expect 2 '--runs' $sim fuzz abba --runs 0
expect 2 '--time' $sim fuzz abba --time soon
expect 2 '--shard' $sim fuzz abba --shard 2/2
expect 2 '--strategy' $sim run abba --strategy clever
expect 2 '--points' $sim run abba --points atomics
echo 'not a module' >"$folder/text.so"
expect 2 'cannot load the module' $sim run "$folder/text.so" --corpus "$corpus"
expect 2 'no scenario' $sim run "$build/libsim.so" --corpus "$corpus"
expect 2 'no corpus' $sim corpus list --corpus "$folder/missing.db"
echo 'this is no database, however long it is' >"$folder/text.db"
expect 2 'could not be stored' $sim run abba_bug --runs 200 --corpus "$folder/text.db"
expect 2 '' $sim replay zz --corpus "$corpus"
expect 2 '' $sim replay ffffffffffff --corpus "$corpus"

[ $failed -eq 0 ] && echo 'all as expected'
exit $((failed > 0))
