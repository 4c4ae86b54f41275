#!/bin/bash
# A failure as a scenario file: shipped races without their constraint, found by chance, fail with new
# seeds again by what `sim export` adds.
set -u
. "$(dirname "$0")/expect.sh"

found() { # FILE RUNS: finds a case; its id
    expect 10 '^FAIL ' $sim fuzz "$1" --runs "$2" --corpus "$corpus"
    id=$(sed -n 's/^To see it again:  sim replay \([0-9a-f]*\).*/\1/p' "$folder/out")
}
fails_in() { # FILE: in how many of 20 seeds
    local seed count=0
    for seed in {1001..1020}; do
        $sim run "$1" --seed "$seed" --corpus "$folder/seeds.db" >/dev/null 2>&1
        [ $? -eq 10 ] && count=$((count + 1))
    done
    echo "$count"
}

cd "$folder" || exit 1
for name in late_reply double_charge stale_price refund_race forgotten_permit cache_stampede; do
    grep -vE '^(race|order|hold)\(' "$source/../scenarios/${name}_bug.lua" >"$name.lua"
    check "$name has no constraint" [ -z "$(grep -E '^(race|order|hold)' "$name.lua")" ]
    found "$name.lua" 4000
    expect 0 '^again_.*lua: [1-4] orders?; it fails in (18|19|20) of 20 seeds, without in ' \
        $sim export "$id" -o "again_$name.lua" --corpus "$corpus"
    check "$name: the file is as it was" \
        cmp -s -n "$(stat -c %s "$name.lua")" "$name.lua" "again_$name.lua"
    check "$name: orders were added" [ "$(grep -c '^order(' "again_$name.lua")" -ge 1 ]
    check "$name: it says which case" grep -q "^-- What made it fail, by .sim export $id" "again_$name.lua"
    expect 0 '^ok ' $sim check "again_$name.lua"
    count=$(fails_in "again_$name.lua")
    check "$name fails in $count of 20 new seeds" [ "$count" -ge 18 ]
    check "$name fails more often than before" [ "$count" -gt "$(fails_in "$name.lua")" ]
done

# without -o it is named after the scenario and the case; nothing is written over
expect 0 "^cache_stampede_$id.lua: " $sim export "$id" --corpus "$corpus"
check 'it is there' [ -s "cache_stampede_$id.lua" ]
cp "cache_stampede_$id.lua" before
expect 2 "cache_stampede_$id.lua exists already; name another file with -o" \
    $sim export "$id" --corpus "$corpus"
check 'and stays as it was' cmp -s before "cache_stampede_$id.lua"
expect 2 'cannot be written' $sim export "$id" -o nowhere/file.lua --corpus "$corpus"

# what no order brings about is said, and leaves no file
cat >chance.lua <<'LUA'
node("n", function() if math.random(40) == 7 then mark "unlucky" end end)
never("it is unlucky", mark("n", "unlucky"))
LUA
found chance.lua 4000
expect 11 'no orders of what came in case .* make it fail more often: in [0-9]* of 20 seeds' \
    $sim export "$id" -o unlucky.lua --corpus "$corpus"
check 'there is no file' [ ! -e unlucky.lua ]

# what cannot be exported
sed -i 's/== 7/== 8/' chance.lua
expect 13 'this is not the stored run any more' $sim export "$id" -o other.lua --corpus "$corpus"
found lost_wakeup_bug 4000
expect 2 'lost_wakeup_bug is a module in C, and constraints are added to scenario files' \
    $sim export "$id" -o module.lua --corpus "$corpus"
expect 2 'name one case' $sim export --corpus "$corpus"
expect 2 '.' $sim export ffffffffffff --corpus "$corpus"
check 'nothing else was written' [ -z "$(ls other.lua module.lua 2>/dev/null)" ]

# a node by its name
cat >names.lua <<'LUA'
node("n", function() mark "one" end)
order(mark("m", "one"), mark("n", "one", { nth = 2 }))
LUA
expect 2 'names.lua:2: the node of a mark: no node is called "m" so far' $sim check names.lua

done_expecting
