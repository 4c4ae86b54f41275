#!/bin/bash
# Campaigns: what is found and what is refused, stopping and going on, shards, signs of life.
set -u
. "$(dirname "$0")/expect.sh"

line_of() { # LEAK: where it leaks
    grep -n "sim_count" "$source/modules/leak_$1.c" | cut -d: -f1
}
number() { # NAME: of the last line of JSON that has it
    sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "$folder/out" | tail -n 1
}

# what depends on the world outside is no finding
expect 12 'NONDETERMINISM' $sim fuzz "$build/modules/leak_heap.so" --runs 200 --corpus "$corpus"
expect 12 'first different event: number 3, count' $sim fuzz "$build/modules/leak_pointer.so" --runs 200 --corpus "$corpus"
check 'how both ended is told' [ "$(grep -Ec '^    (once|again) +it passed$' "$folder/out")" -eq 2 ]
check 'a mark has its name' grep -qx '    both   thread 1 of main: mark before' "$folder/out"
# where little repeats the search ends, unless nobody minds
expect 12 '^  .*leak_pointer.so: 10 runs did not repeat, so the search ends' \
    $sim fuzz "$build/modules/leak_pointer.so" --runs 2000 --seed 2 --corpus "$corpus"
expect 0 '^2000 runs, 0 failed, 0 new, [1-9][0-9] did not repeat\.$' \
    $sim fuzz "$build/modules/leak_pointer.so" --runs 2000 --seed 2 --fail-on never --corpus "$corpus"
# a bug that another scenario has shown is shown in full, and from where it is known
printf 'node("n", function() count "x" end)\nfinally("none", counter("x"):equal(0))\n' >"$folder/one.lua"
cp "$folder/one.lua" "$folder/copy.lua"
expect 10 '^To see it again' $sim fuzz "$folder/one.lua" --corpus "$folder/known.db"
id=$(sed -n 's/^To see it again:  sim replay \([0-9a-f]*\).*/\1/p' "$folder/out")
expect 10 "^Known from $folder/one.lua:  sim replay $id " $sim fuzz "$folder/copy.lua" --corpus "$folder/known.db"
check 'with its steps' grep -qE '^ +[0-9.]+ count copy.lua:1$' "$folder/out"
expect 10 'property again \(known\)\.  sim replay' $sim fuzz "$folder/copy.lua" --corpus "$folder/known.db"
expect 12 'first different event: number [0-9]+, send at leak_send.c:' $sim fuzz "$build/modules/leak_send.so" --runs 200 --corpus "$corpus"
check 'both sends are told' [ "$(grep -Ec '^    (once|again) +thread 2 of client: send of object [0-9]+ gave 1$' "$folder/out")" -eq 2 ]
# two processes that are compared may read the same tick of a clock, which is not what is tried here
fuzz_until_it_parts() { # MODULE
    local code
    for _ in 1 2 3 4; do
        $sim fuzz "$1" --runs 5000 --corpus "$corpus" >"$folder/parts" 2>&1
        code=$?
        grep -q 'first different event' "$folder/parts" && break
    done
    cat "$folder/parts"
    return $code
}
# also when it happens long before the last events, which alone are at hand
late() { # NAME LINE
    expect 12 "first different event: number 12002, count at leak_$1.c:$2\$" \
        fuzz_until_it_parts "$build/modules/leak_$1_late.so"
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
    check 'the other has not' grep -Eq '(once|again)  +thread 1 of main: mark everywhere' "$folder/out"
done
# what the processor says about time is virtual time
expect 0 ' 0 failed, 0 new.$' $sim fuzz "$build/modules/stamp_late.so" --runs 200 --corpus "$corpus"

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

# a campaign that is stopped says so, and the same command goes on where it was; any other goes on
# where the one before ended, unless it has a seed
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
check 'and then goes on' grep -Eq '^Runs [1-9][0-9,]* to 900,[0-9,]* of base seed 1\.$' "$folder/out"
# each search goes on where the one before ended, and says so: every night runs nobody has seen
night=$folder/night.db
expect 0 '^Runs 1 to 10,000 of base seed 1\.$' $sim fuzz abba --corpus "$night"
expect 0 '^Runs 10,001 to 10,100 of base seed 1\.$' $sim fuzz abba --runs 100 --corpus "$night"
check 'and does as many runs as it was told' grep -q '^100 runs, ' "$folder/out"
expect 0 '"event":"search","scenario":"abba","first":10100,"end":10300}' \
    $sim fuzz abba --runs 200 -j2 --json --corpus "$night"
expect 0 '^Runs 10,301 to 10,310 of base seed 1\.$' $sim fuzz abba --runs 10 --corpus "$night"
expect 0 '^Runs from 10,311 on of base seed 1\.$' $sim fuzz abba --time 1s --corpus "$night"
# with a seed it begins with its first run, and so does another strategy, shard or scenario
expect 0 '^Runs 1 to 100 of base seed 7\.$' $sim fuzz abba --runs 100 --seed 7 --corpus "$night"
expect 0 '^Runs 1 to 100 of base seed 7\.$' $sim fuzz abba --runs 100 --seed 7 --corpus "$night"
expect 0 '^Runs 1 to 100 of base seed 1\.$' $sim fuzz abba --runs 100 --strategy random --corpus "$night"
expect 0 '^Runs 1 to 100 of base seed 1, the part of shard 1/2\.$' $sim fuzz abba --runs 100 --shard 1/2 --corpus "$night"
expect 0 '^  check_then_act: runs 1 to 50 of base seed 1\.$' $sim fuzz abba check_then_act --runs 50 --corpus "$night"
check 'each scenario has a place of its own' grep -Eq '^  abba: runs [1-9][0-9]*,[0-9,]+ to ' "$folder/out"
# another build is another search
cp "$build/scenarios/abba.so" "$folder/build.so"
expect 0 '^Runs 1 to 10 of' $sim fuzz "$folder/build.so" --runs 10 --corpus "$night"
expect 0 '^Runs 11 to 20 of' $sim fuzz "$folder/build.so" --runs 10 --corpus "$night"
cp "$build/scenarios/lost_wakeup.so" "$folder/build.so"
expect 0 '^Runs 1 to 10 of' $sim fuzz "$folder/build.so" --runs 10 --corpus "$night"
# a search that ended with a failure goes on after it, and finds what comes next
expect 10 '"event":"finding"' $sim fuzz abba_bug --json --corpus "$folder/next.db"
seed=$(sed -n 's/.*"event":"finding".*"seed":\([0-9]*\).*/\1/p' "$folder/out")
expect 10 '"first":[1-9]' $sim fuzz abba_bug --json --corpus "$folder/next.db"
check 'it is another run' [ "$(sed -n 's/.*"event":"finding".*"seed":\([0-9]*\).*/\1/p' "$folder/out")" != "$seed" ]
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
line='\[K00:00:0[0-9]  [1-9][0-9]* runs, [1-9][0-9]* runs/s, 0 failed, 0 cases, [0-9]+ [a-z]+ simulated'
expect 0 "$line" terminal $sim fuzz abba --time 1s --corpus "$folder/stop.db"
expect 0 '^[1-9][0-9]* runs, 0 failed, 0 new.$' $sim fuzz abba --time 1s --corpus "$folder/stop.db"
check 'no progress in a pipe' [ "$(wc -l <"$folder/out")" -eq 2 ]
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

# what must happen sometimes: counted over all processes and over the days of a campaign; one that
# never happens makes the search vacuous, unless something was found
modules=$build/modules
held() { # SENTENCE: in how many runs, by the last JSON
    sed -n "s/.*\"sentence\":\"$1\",\"runs\":\([0-9]*\)}.*/\1/p" "$folder/out"
}
expect 0 '^  .*sometimes_often.so: the right one is first: in [1-9][0-9]* runs$' \
    $sim fuzz "$modules/sometimes_often.so" --runs 500 -j2 --corpus "$folder/held.db"
expect 0 '"vacuous":false' $sim fuzz "$modules/sometimes_often.so" --runs 700 --json --corpus "$folder/held.db"
check 'one of the two is first in each run' [ $(($(held 'the left one is first') + $(held 'the right one is first'))) -eq 700 ]
expect 11 '^Vacuous: what must happen sometimes' $sim fuzz "$modules/sometimes_never.so" --runs 200 --corpus "$folder/held.db"
check 'the one that did not is named' grep -q 'sometimes_never.so: neither is first: in no run$' "$folder/out"
check 'the one that did is not' grep -Eq 'sometimes_never.so: the left one is first: in [1-9][0-9]* runs$' "$folder/out"
expect 11 '"vacuous":true' $sim fuzz "$modules/sometimes_never.so" --runs 200 --json --corpus "$folder/held.db"
check 'it is told as JSON' [ "$(held 'neither is first')" -eq 0 ]
expect 11 'Vacuous' $sim run "$modules/sometimes_never.so" --runs 200 --corpus "$folder/held.db"
expect 0 'neither is first: in no run' $sim fuzz "$modules/sometimes_never.so" --runs 200 --fail-on never --corpus "$folder/held.db"
expect 10 'neither is first: in no run' $sim fuzz "$modules/sometimes_found.so" --runs 200 --corpus "$folder/held.db"
check 'a finding is no vacuous search' [ "$(grep -c Vacuous "$folder/out")" -eq 0 ]
expect 0 'first: in 1 run$' $sim run "$modules/sometimes_never.so" --seed 3 --corpus "$folder/held.db"
expect 11 'Vacuous' $sim fuzz "$modules/sometimes_one_run.so" --runs 1 --corpus "$folder/held.db"
expect 0 'first: in [1-9]' $sim fuzz "$modules/sometimes_one_run.so" --runs 100 --corpus "$folder/held.db"
expect 2 'nobody is first.*holds before anything happened' $sim fuzz "$modules/refused/refused_sometimes_at_once.so" --corpus "$folder/held.db"
expect 2 'the left one is first.*said twice' $sim fuzz "$modules/refused/refused_sometimes_twice.so" --corpus "$folder/held.db"
# a property about what nobody counts holds for ever: it is told, once for each counter
expect 0 'sometimes_spelt.so: no run counted "rihgt"' $sim fuzz "$modules/sometimes_spelt.so" --runs 100 --corpus "$folder/held.db"
check 'each counter is told once, and only such' [ "$(grep -c 'no run counted' "$folder/out")" -eq 1 ]
expect 0 '"event":"uncounted","scenario":".*sometimes_spelt.so","counter":"rihgt"' \
    $sim run "$modules/sometimes_spelt.so" --runs 100 --json --corpus "$folder/held.db"
# a campaign that goes on counts on
long=($sim fuzz "$modules/sometimes_often.so" --runs 900000000 --json)
stopped INT "$folder/held2.db" "${long[@]}"
check 'a stopped one is not judged' [ $stopped_code -eq 75 ]
left=$(held 'the left one is first')
right=$(held 'the right one is first')
check 'what held so far is told' [ $((left + right)) -eq "$(number runs)" ]
stopped INT "$folder/held2.db" "${long[@]}"
check 'it counts on' [ $(($(held 'the left one is first') + $(held 'the right one is first'))) -eq $((left + right + $(number runs))) ]

done_expecting
