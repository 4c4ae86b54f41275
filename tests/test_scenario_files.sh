#!/bin/bash
# Scenario files: each that ships gives what it expects, and what is wrong in one is said with its
# line.
set -u
. "$(dirname "$0")/expect.sh"

# ---- those that ship ----

$sim list >"$folder/list"
shipped=0
for file in "$source"/../scenarios/*.lua; do
    shipped=$((shipped + 1))
    [ "$sanitized" -eq 0 ] || [ $((shipped % 4)) -eq 0 ] || continue # sim does the same with each
    name=$(basename "$file" .lua)
    expect 0 "^ok $name: [0-9]+ nodes?" $sim check "$name"
    expected=$(sed -n 's/^expect "\(.*\)"$/\1/p' "$file")
    case $expected in
    passes)
        expect 0 '^300 runs, 0 failed' $sim fuzz "$name" --runs 300 --corpus "$folder/$name.db" ;;
    'fails: '*)
        expect 10 "^FAIL $name: .*${expected#fails: }" $sim fuzz "$name" --corpus "$folder/$name.db" ;;
    *)
        check "$name says what it expects" false ;;
    esac
    check "sim list tells the story of $name" grep -Eq "^$name +[A-Z]" "$folder/list"
done

# a race and its twin differ in the program alone, so that the twin shows what is to blame
declared() { # FILE: without comments, what is expected, and which variant of the program
    grep -v -e '^--' -e '^expect ' "$1" |
        sed -e 's/\(module *(\?"[a-z_]*\)_bug"/\1"/' -e 's/^local planted = true$/local planted = false/'
}
twins=0
for file in "$source"/../scenarios/*_bug.lua; do
    check "the twin of $(basename "$file") declares the same" \
        diff <(declared "$file") <(declared "${file%_bug.lua}.lua")
    twins=$((twins + 1))
done
check 'there are twins' [ "$twins" -gt 20 ]

# what editors are told is what there is
sed -n 's/^ \{4,8\}{"\([a-z_]*\)", [a-z_]*},$/\1/p' "$source"/../scenarios/lua_{world,demand,node}.c |
    sort -u >"$folder/defined"
sed -n 's/^function \([a-z_]*\)(.*/\1/p' "$source/../scenarios/meta/sim.lua" | sort >"$folder/described"
check 'meta/sim.lua describes each function' diff "$folder/defined" "$folder/described"
check 'there are functions' [ "$(wc -l <"$folder/defined")" -gt 34 ]

# ---- a file of somebody's ----

mkdir "$folder/mine"
cp "$build/scenarios/lost_wakeup_bug.so" "$folder/mine/item.so"
cat >"$folder/mine/item.lua" <<'LUA'
-- An item that is never consumed.
local shared = require "shared"
local main = node("main", module("item").program)
shared.item_is_consumed()
LUA
cat >"$folder/mine/shared.lua" <<'LUA'
local function item_is_consumed()
    finally("the item is consumed", counter("consumed"):equal(1))
end
return { item_is_consumed = item_is_consumed }
LUA
cd "$folder/mine" || exit 1
expect 0 '^ok item.lua: 1 node, 1 property$' $sim check item.lua
expect 0 '"nodes":1,.*"properties":1,.*"expected":""' $sim check item.lua --json
expect 10 '^FAIL item: deadlock' $sim fuzz item.lua --corpus "$corpus"
id=$(sed -n 's/^To see it again:  sim replay \([0-9a-f]*\).*/\1/p' "$folder/out")
cd / || exit 1
expect 10 '^Replayed bit-exactly' $sim replay "$id" --corpus "$corpus"
expect 0 '.' $sim trace "$id" --corpus "$corpus"
sed -i 's/equal(1)/equal(2)/' "$folder/mine/shared.lua" # what was required changed
expect 10 '^Replayed bit-exactly' $sim replay "$id" --corpus "$corpus"
rm "$folder/mine/shared.lua"
expect 2 'item.lua:2: .*shared' $sim replay "$id" --corpus "$corpus"

# ---- occasions that bring about, and that must come ----

cat >"$folder/third.lua" <<'LUA'
local rpc     = module "rpc_timeout"
local server  = node("server", rpc.server_main)
local client  = node("client", rpc.client_main)
local third   = message { from = client, to = server, nth = 3 }.arrives
local timeout = mark(client, "timeout")
partition(client, server, { when = third, heal = timeout })
sometimes("a timeout comes after the third request", before(third, timeout))
eventually("the client ends", client.exits, { within = "1s" })
finally("four requests", message { from = client, to = server, each = true }.arrives:at_least(4))
LUA
expect 0 'a timeout comes after the third request: in 300 runs' \
    $sim fuzz "$folder/third.lua" --runs 300 --corpus "$corpus"
check 'the fault is counted' grep -q 'partition of client and server when message 3 from client arrives at server: in 300 runs' "$folder/out"
sed -e 's/nth = 3/nth = 9/' -e '/^sometimes/d' "$folder/third.lua" >"$folder/never.lua"
expect 11 'partition of client and server when message 9 from client arrives at server: in no run' \
    $sim fuzz "$folder/never.lua" --runs 100 --corpus "$corpus"
printf '%s\n' 'never("a fourth request", message { from = client, to = server, nth = 4 }.arrives)' >>"$folder/third.lua"
expect 10 'a fourth request: it came 1 time, expected at most' \
    $sim run "$folder/third.lua" --seed 1 --corpus "$corpus"
sed -i -e '/^never/d' -e 's/1s/1ms/' "$folder/third.lua"
expect 10 'the client ends: it came (0 times in time|1 time, but too late)' \
    $sim run "$folder/third.lua" --seed 1 --corpus "$corpus"
sed -e '/^partition/d' -e 's/1ms/1s/' "$folder/third.lua" >"$folder/reset.lua"
echo 'reset("any", "any", { when = third })' >>"$folder/reset.lua"
expect 10 'the server closed the connection' \
    $sim run "$folder/reset.lua" --seed 1 --corpus "$corpus"

# ---- links that are clogged, nodes that refuse ----

cat >"$folder/doors.lua" <<'LUA'
local bank = node("bank", function()
    local door = listen(7000)
    while true do
        local connection = door:accept()
        spawn("teller", function() connection:send(connection:receive() or "nothing") end)
    end
end, { daemon = true })
local client = node("client", function()
    sleep "5ms"
    local connection = connect("bank", 7000)
    if not connection then mark "refused" sleep "20ms" connection = connect("bank", 7000) end
    connection:send("hello")
    count("answers", connection:receive() == "hello" and 1 or 0)
    mark "answered"
end)
LUA
sed '$a refuse(bank, { at = "1ms", lasts = "10ms" })' "$folder/doors.lua" >"$folder/refuse.lua"
cat >>"$folder/refuse.lua" <<'LUA'
finally("it is refused once", mark(client, "refused", { each = true }):equal(1))
finally("and then answered", counter("answers"):equal(1))
LUA
expect 0 '^50 runs, 0 failed' $sim fuzz "$folder/refuse.lua" --runs 50 --corpus "$corpus"
sed -e 's/at = "1ms", lasts = "10ms"/heal = mark(client, "refused")/' "$folder/refuse.lua" >"$folder/opened.lua"
expect 0 '^50 runs, 0 failed' $sim fuzz "$folder/opened.lua" --runs 50 --corpus "$corpus"
sed -i 's/, "refused")/, "answered")/' "$folder/opened.lua" # never, then
expect 10 'FAIL opened' $sim run "$folder/opened.lua" --seed 1 --corpus "$corpus"
sed '$a clog(bank, client, { when = mark(client, "asks"), lasts = "1s" })' "$folder/doors.lua" |
    sed 's/connection:send("hello")/mark "asks" connection:send("hello")/' >"$folder/clog.lua"
cat >>"$folder/clog.lua" <<'LUA'
local sent = message { from = client, to = bank }.sent
eventually("it waits", mark(client, "answered"), { after = sent, within = "990ms" })
finally("and then answered", counter("answers"):equal(1))
LUA
expect 10 'it waits: it came 1 time, but too late' \
    $sim run "$folder/clog.lua" --seed 1 --corpus "$corpus"
sed -i 's/990ms/1010ms/' "$folder/clog.lua"
expect 0 '^50 runs, 0 failed' $sim fuzz "$folder/clog.lua" --runs 50 --corpus "$corpus"
check 'a clog is told' grep -q 'clog of bank and client when mark asks 1 of client: in 50 runs' "$folder/out"

# ---- faults in reports ----

expect 10 '^ *[0-9.]+ -- partition of coordinator and worker-1$' \
    $sim fuzz half_open_bug --seed 1 --corpus "$folder/told.db"
id=$(sed -n 's/^To see it again:  sim replay \([0-9a-f]*\).*/\1/p' "$folder/out")
expect 0 'fault .*  partition of coordinator and worker-1$' $sim trace "$id" --corpus "$folder/told.db"
expect 0 '"what":"fault",.*"fault":"partition of coordinator and worker-1"' \
    $sim trace "$id" --json --corpus "$folder/told.db"

# ---- a mark at which its node always crashes came all the same ----

cat >"$folder/doomed.lua" <<'LUA'
local main = node("main", function() mark "doomed" sleep "1ms" end)
crash(main, { when = mark(main, "doomed", { each = true }) })
LUA
expect 0 'crash of main when mark doomed of main: in 20 runs' \
    $sim fuzz "$folder/doomed.lua" --runs 20 --corpus "$corpus"
check 'nobody says that it did not' [ "$(grep -c 'never came' "$folder/out")" -eq 0 ]

# ---- calm ----

cat >"$folder/calm.lua" <<'LUA'
local bank   = node("bank", function()
    local door = listen(7000)
    while true do door:accept():send("open") end
end, { daemon = true })
local client = node("client", function()
    local ends = now() + 100000000
    while now() < ends do
        local connection = connect("bank", 7000)
        if connection and connection:receive() then mark "served" end
        sleep "1ms"
    end
end)
refuse(bank, { at = "1ms" })
LUA
served='eventually("it is served again", mark(client, "served", { each = true }), { after = quiet, within = "20ms" })'
{ cat "$folder/calm.lua"; echo 'local quiet = calm "50ms"'; echo "$served"; } >"$folder/quiet.lua"
expect 0 '^50 runs, 0 failed' $sim fuzz "$folder/quiet.lua" --runs 50 --corpus "$corpus"
check 'a calm is told' grep -q 'calm at time 50 ms: in 50 runs' "$folder/out"
sed -i 's/calm "50ms"/calm("50ms", { client })/' "$folder/quiet.lua" # and not the bank
expect 10 'it is served again: it came 0 times in time' \
    $sim run "$folder/quiet.lua" --seed 1 --corpus "$corpus"
sed -i 's/calm("50ms", { client })/calm(mark(client, "served", { nth = 9 }))/' "$folder/quiet.lua"
expect 11 'calm when mark served 9 of client: in no run' \
    $sim fuzz "$folder/quiet.lua" --runs 50 --corpus "$corpus"

# ---- what is left to the seed ----

between='between = { "100us", "3ms" }'
sed -e '/^partition/d' -e '/^sometimes/d' -e '/^eventually/d' -e '/^finally/d' "$folder/third.lua" >"$folder/drawn.lua"
cat >>"$folder/drawn.lua" <<LUA
partition(client, server, { $between, lasts = { "1ms", "5ms" } })
jump(client, { $between, by = "1h" })
pause(server, { $between, lasts = { "1ms", "2ms" } })
short(client, { call = "send", $between })
clog("any", server, { $between, lasts = { "1ms", "2ms" } })
refuse(server, { $between, lasts = "1ms" })
LUA
drawn() { # SENTENCE: it comes in some runs, in others not
    local runs
    runs=$(sed -n "s/.*: $1 between time 100 us and time 3 ms: in \([0-9]*\) runs$/\1/p" "$folder/out")
    check "left to the seed: $1" [ "${runs:-0}" -gt 60 -a "${runs:-0}" -lt 240 ]
}
expect 0 '^300 runs, 0 failed' $sim fuzz "$folder/drawn.lua" --runs 300 --corpus "$corpus"
drawn 'partition of client and server'
drawn 'jump of client'
drawn 'pause of server'
drawn 'short send() of client'
drawn 'clog of any node and server'
drawn 'refusal of server'

# what is left to a chance is on in about half of the runs, and then strikes almost surely
sed 's/"1%"/"40%"/' "$source/../scenarios/interrupted_end.lua" >"$folder/chance.lua"
expect 0 '^100 runs, 0 failed' $sim fuzz "$folder/chance.lua" --runs 100 --corpus "$corpus"
struck=$(sed -n 's/.*: EINTR of read() of listener: in \([0-9]*\) runs$/\1/p' "$folder/out")
check 'a class of faults is on in some runs' [ "${struck:-0}" -gt 25 -a "${struck:-0}" -lt 75 ]

# ---- clocks ----

fingerprint() { # FILE SEED
    $sim run "$1" --seed "$2" --json --corpus "$corpus" | sed -n 's/.*"fingerprint":"\([0-9a-f]*\)".*/\1/p'
}
clocks() { # OPTIONS of the client's clock
    sed "s/client_main)/client_main, { clock = { $1 } })/" "$source/../scenarios/late_reply.lua" >"$folder/clocks.lua"
    fingerprint "$folder/clocks.lua" 3
}
right=$(fingerprint late_reply 3)
check 'a run has a fingerprint' [ "${#right}" -eq 32 ]
check 'a clock that is right changes nothing' [ "$(clocks '')" = "$right" ]
check 'nor does one without drift' [ "$(clocks 'drift = "0ppm", offset = 0, tick = "1ns"')" = "$right" ]
check 'a drift changes when waits end' [ "$(clocks 'drift = "10%"')" != "$right" ]
check 'an offset does not' [ "$(clocks 'offset = "-10s"')" = "$right" ]
check 'a tick does' [ "$(clocks 'tick = "20ms"')" != "$right" ]

# ---- what comes after an occasion, and at a limit ----

sed -e '/^sometimes/d' -e '/^eventually/d' -e '/^finally/d' "$folder/third.lua" >"$folder/after.lua"
echo 'eventually("an answer comes again", message { from = server, to = client, each = true }.arrives, { after = timeout, within = "100ms" })' >>"$folder/after.lua"
expect 0 'an answer comes again, after mark timeout 1 of client: in 300 runs' \
    $sim fuzz "$folder/after.lua" --runs 300 --corpus "$corpus"
sed 's/100ms/1ns/' "$folder/after.lua" >"$folder/soon.lua"
expect 10 'property: an answer comes again: it came [0-9]+ times?, but too late' \
    $sim run "$folder/soon.lua" --seed 1 --corpus "$corpus"
sed '/^partition/d; s/mark(client, "timeout")/mark(client, "nowhere")/' "$folder/after.lua" >"$folder/nowhere.lua"
expect 11 'an answer comes again, after mark nowhere 1 of client: in no run' \
    $sim fuzz "$folder/nowhere.lua" --runs 100 --corpus "$corpus"
cat >>"$folder/nowhere.lua" <<'LUA'
limit { time = "3ms" }
eventually("somebody comes there", timeout, { within = "2ms" })
LUA
expect 10 'property: somebody comes there: it came 0 times in time' \
    $sim run "$folder/nowhere.lua" --seed 1 --corpus "$corpus"
sed -i 's/"2ms"/"4ms"/' "$folder/nowhere.lua"
expect 10 'limit: the limit of 3000000 ns' $sim run "$folder/nowhere.lua" --seed 1 --corpus "$corpus"

# ---- calls that fail ----

sed 's/chance = "5%"/nth = 99/' "$source/../scenarios/locked_out.lua" >"$folder/locked.lua"
expect 11 'EMFILE of accept\(\) of door: in no run' $sim fuzz "$folder/locked.lua" --runs 50 --corpus "$corpus"
sed 's/chance = "5%"/when = call("any", "connect")/' "$source/../scenarios/locked_out.lua" >"$folder/locked.lua"
expect 0 'EMFILE of accept\(\) of door when connect .*: in 50 runs' \
    $sim fuzz "$folder/locked.lua" --runs 50 --corpus "$corpus"
{
    cat "$source/../scenarios/late_reply.lua"
    echo 'fail("any", { call = "connect", error = "ENETUNREACH", nth = 5 })'
} >"$folder/unasked.lua"
check 'a call that is declared to fail and does not leaves the run as it is' \
    [ "$(fingerprint "$folder/unasked.lua" 3)" = "$right" ]

# ---- a thousand nodes ----

cat >"$folder/many.lua" <<'LUA'
local item = module "lost_wakeup"
for i = 1, 1000 do
    node("n" .. i, item.program)
end
finally("each item is consumed", counter("consumed"):equal(1000))
LUA
expect 0 '^3 runs, 0 failed' $sim run "$folder/many.lua" --runs 3 --corpus "$corpus"

# ---- wrong ones ----

wrong() { # MESSAGE TEXT: refused with this message, and the line under it has a caret
    printf '%s\n' "$2" >"$folder/wrong.lua"
    expect 2 "^sim: wrong.lua:$1" $sim check "$folder/wrong.lua"
}
begin='local abba = module "abba"
local bank = node("bank", abba.program)
'
wrong '1: there is no `nod`; did you mean `node`\?' 'nod("x")'
wrong '1: there is no module "nix" \(looked for .*/scenarios/nix.so\)' 'module "nix"'
wrong '1: what a node runs must be a program; this is nothing' 'node("x")'
wrong '3: .*abba.so has no function nix\(\), which node other is to run' "${begin}node('other', abba.nix)"
wrong '3: two nodes are called "bank"' "${begin}node('bank', abba.program)"
wrong '3: a node has no `demon`; did you mean `daemon`\?' "${begin}node('b', abba.program, { demon = true })"
wrong '3: `daemon` is true or false' "${begin}node('b', abba.program, { daemon = 1 })"
wrong '3: argument 1 of a node is no string' "${begin}node('b', abba.program, { {} })"
wrong '3: a link has no `latancy`; did you mean `latency`\?' "${begin}link(bank, bank, { latancy = 1 })"
wrong '3: `latency` is a time like "5ms"' "${begin}link(bank, bank, { latency = '5 parsecs' })"
wrong '3: `latency` is a time like "5ms"' "${begin}link(bank, bank, { latency = 1.5 })"
wrong '3: `latency` is a time like "5ms"' "${begin}link(bank, bank, { latency = '99999999999999h' })"
wrong '3: the least `latency` exceeds the greatest' "${begin}link(bank, bank, { latency = { '2ms', '1ms' } })"
wrong '3: a `latency` is a time, or the least and the greatest' "${begin}link(bank, bank, { latency = {} })"
wrong '3: the least `latency` exceeds the greatest' "${begin}link(bank, bank, { latency = { { '90%', '2ms', '1ms' } } })"
wrong '3: a row of `latency` is' "${begin}link(bank, bank, { latency = { { '90%', '1ms' }, 3 } })"
wrong "3: a link's latencies stand in order" "${begin}link(bank, bank, { latency = { { '10%', '5ms' }, { '90%', '1ms' } } })"
wrong '3: a row of a link.s latencies has a weight' "${begin}link(bank, bank, { latency = { { '0%', '1ms' } } })"
wrong '3: a link with a queue has a bandwidth' "${begin}link(bank, bank, { queue = '1KB' })"
wrong "3: a link's queue has at most 16 GB" "${begin}link(bank, bank, { bandwidth = '1KB', queue = '17GB' })"
wrong '3: `loss` is more than all' "${begin}link(bank, bank, { loss = '101%' })"
wrong '3: a clock has no `drft`; did you mean `drift`\?' "${begin}node('b', abba.program, { clock = { drft = 1 } })"
wrong '3: `clock` is a table' "${begin}node('b', abba.program, { clock = '4ms' })"
wrong '3: `drift` is a part like "1%" or "250ppm", whole, with a sign' "${begin}node('b', abba.program, { clock = { drift = '1s' } })"
wrong '3: the least `drift` exceeds the greatest' "${begin}node('b', abba.program, { clock = { drift = { '1%', '-1%' } } })"
wrong '3: the clock of b drifts by more than 500000 ppm' "${begin}node('b', abba.program, { clock = { drift = '51%' } })"
wrong '3: the clock of b ticks less than once a second' "${begin}node('b', abba.program, { clock = { tick = '2s' } })"
wrong '3: read\(\) does not give EMFILE on Linux; it gives EINTR, EAGAIN, EIO' "${begin}fail(bank, { call = 'read', error = 'EMFILE', nth = 1 })"
wrong '3: no call "fork" can be made to fail; there are read, write, recv, send, accept' "${begin}fail(bank, { call = 'fork', error = 'EAGAIN', nth = 1 })"
wrong '3: no call "open" can be made short; there are read, write, recv, send' "${begin}short(bank, { call = 'open', nth = 1 })"
wrong '3: `error` is a name like "EINTR"' "${begin}fail(bank, { call = 'read', nth = 1 })"
wrong '3: which calls is said by one of `chance`, `nth`, `at`, `when`' "${begin}fail(bank, { call = 'read', error = 'EINTR' })"
wrong '3: which calls is said by one of `chance`, `nth`, `at`, `when`' "${begin}short(bank, { call = 'read', nth = 1, at = '1s' })"
wrong '3: `chance` is more than nothing, and not more than all' "${begin}short(bank, { call = 'read', chance = '101%' })"
wrong '3: lookup has no `latancy`; did you mean `latency`' "${begin}lookup(bank, { latancy = '1s' })"
wrong '3: getaddrinfo\(\) does not give EINTR on Linux; it gives EAI_AGAIN' "${begin}lookup(bank, { fails = 'EINTR', nth = 1 })"
wrong '3: a jump goes `by` a time' "${begin}jump(bank, { at = '1s' })"
wrong '3: a clock jumps by 1 ns to 47 years' "${begin}jump(bank, { by = 0 })"
wrong '3: `by` is a time like "5ms".*, whole, with a sign' "${begin}jump(bank, { by = '±1s' })"
wrong '3: `when` is an occasion' "${begin}jump(bank, { by = '1s', when = '1s' })"
wrong '3: a crash comes `at` a time, `when` an occasion comes or `between` two times' "${begin}crash(bank, { restart = '1ms' })"
wrong '3: a crash comes `at` a time' "${begin}crash(bank, { at = '1ms', when = bank.starts })"
wrong '3: a crash has no `file`; did you mean `files`' "${begin}crash(bank, { at = '1ms', file = 'torn' })"
wrong '3: `files` has no `sinced`; did you mean `synced`' "${begin}crash(bank, { at = '1ms', files = 'sinced' })"
wrong '3: a crash is of one node, not of any' "${begin}crash('any', { at = '1ms' })"
wrong '3: the latest time of a fault is not after the earliest' "${begin}crash(bank, { between = { '2ms', '1ms' } })"
wrong '3: `between` is two times' "${begin}reset(bank, 'any', { between = '1ms' })"
wrong '3: `between` is two times' "${begin}partition(bank, 'any', { between = { '1ms' } })"
wrong '3: a reset comes `at` a time, `when` an occasion comes or `between`' "${begin}reset(bank, 'any', { at = '1ms', between = { '1ms', '2ms' } })"
wrong '3: the least `lasts` exceeds the greatest' "${begin}partition(bank, 'any', { lasts = { '2ms', '1ms' } })"
wrong '3: `lasts` is two times' "${begin}pause(bank, { at = '1ms', lasts = { '2ms' } })"
wrong '3: a partition must `heal` after it begins' "${begin}partition(bank, 'any', { between = { '1ms', '3ms' }, heal = '2ms' })"
wrong '3: a partition must `heal` at a time, or `lasts`: one of these' "${begin}partition(bank, 'any', { lasts = '1ms', heal = '2ms' })"
wrong '3: a clog must `heal` after it begins' "${begin}clog(bank, 'any', { at = '3ms', heal = '2ms' })"
wrong '3: a clog has no `last`; did you mean `lasts`' "${begin}clog(bank, 'any', { last = '2ms' })"
wrong '3: a refusal has no `one_way`' "${begin}refuse(bank, { one_way = true })"
wrong '3: a refusal ends before it begins' "${begin}refuse(bank, { lasts = 0 })"
wrong '3: a pause lasts for some time' "${begin}pause(bank, { at = '1ms' })"
wrong '3: `when` must be an occasion; this is a life; write .starts or .crashes behind it' \
    "${begin}pause(bank, { when = life(bank), lasts = '1ms' })"
wrong '3: a life has no `ends`' "${begin}never('x', life(bank).ends)"
wrong '3: hold\(\) cannot hold a node.s start' "${begin}hold(life(bank, { nth = 2 }).starts, { until_ = at '1s' })"
wrong '3: a partition must `heal` after it begins' "${begin}partition(bank, 'any', { at = '2s', heal = '1s' })"
wrong '3: `when` is an occasion; a time is `at`' "${begin}partition(bank, 'any', { when = '1s' })"
wrong '3: `when` is an occasion; a time is `at`' "${begin}reset(bank, 'any', { when = '1s' })"
wrong '3: hold\(\) cannot hold a node.s exit' "${begin}hold(bank.exits, { until_ = at '1s' })"
wrong '3: an occasion has no `at_mots`; did you mean `at_most`' "${begin}always('x', bank.exits:at_mots(1))"
wrong '3: what never happens must be an occasion' "${begin}never('x', counter('c'))"
wrong '3: what never happens must be an occasion, such as mark\(node, "name"\); this is nothing' "${begin}never('x')"
wrong '3: what never happens must be an occasion, such as mark\(node, "name"\); this is "y"' "${begin}never('x', 'y')"
wrong '3: what never happens must be an occasion; this is a bound of a counter; counters are for always' \
    "${begin}never('x', counter('c'):equal(1))"
wrong '3: what never happens must be an occasion; this is a node; write .starts, .exits or' "${begin}never('x', bank)"
wrong '3: `never` begins with a sentence that says what must hold; this is an occasion' "${begin}never(bank.exits)"
wrong '3: `always` begins with a sentence that says what must hold; this is nothing' "${begin}always()"
wrong '3: the first of a race must be an occasion; this is a task; write .starts' "${begin}race(task(bank, 'x'), at '1s')"
wrong '3: there is one calm' "${begin}calm '1s' calm '2s'"
wrong '3: `calm` is a time' "${begin}calm 'soon'"
wrong '3: where calm begins must be an occasion; this is a node' "${begin}calm(bank)"
wrong '3: who comes to rest is a list of nodes' "${begin}calm('1s', {})"
wrong '3: who comes to rest is a list of nodes' "${begin}calm('1s', bank)"
wrong '3: who comes to rest must be a node; this is "any"' "${begin}calm('1s', { 'any' })"
wrong '3: a heap has 65536 bytes at least' "${begin}limit { heap = '1B' }"
wrong '3: leaks has no `any`; it has allowed, forbidden' "${begin}leaks 'any'"
wrong '3: expected is "passes", or' "${begin}expect 'nothing'"
wrong '3: the first of a race must be an occasion; this is a message; write .arrives behind it' \
    "${begin}race(message { to = bank }, at '1s')"
wrong '3: a message has no `arives`; did you mean `arrives`\?' "${begin}message { to = bank }.arives()"
wrong '3: a thread has no `begins`; it has starts, blocks, wakes, ends' "${begin}thread(bank).begins()"
wrong '3: `nth` is a whole number from 1|3: bad argument .*`nth` is a whole number from 1' "${begin}mark(bank, 'x', { nth = 0 })"
wrong '3: there is no call "lok"' "${begin}call(bank, 'lok')"
wrong '3: `order` takes 2 to 16 occasions' "${begin}order(at '1s')"
wrong '3: what must hold must be a bound of a counter; this is a counter; write :at_most\(1\), :at_least\(1\) or :equal\(1\) behind it' "${begin}always('x', counter('c'))"
wrong '3: "x" holds always, and it does not hold before' "${begin}always('x', counter('c'):at_least(1))"
wrong '3: `maybe\(n, m, constraint\)`' "${begin}maybe(2, 1, order(at '1s', mark(bank, 'x')))"
wrong '3: what is declared cannot be changed' "${begin}bank.name = 'x'"
wrong '1: the scenario has no node' '-- nothing'
wrong '1: every node is a daemon' 'node("x", module("abba").program, { daemon = true })'
wrong '1: this takes more than 100000000 instructions' 'while true do end'
expect 2 'nobody reads .*wrong.txt: there is no .*/readers/txt.so' \
    $sim check <(:) "$(touch "$folder/wrong.txt"; echo "$folder/wrong.txt")"
expect 2 'there is no scenario nowhere.lua' $sim check nowhere.lua
expect 2 'check takes scenarios' $sim check

# ---- mutations ----

expect 0 '^200 mutations: each is read or refused with its line, and run without a crash$' \
    python3 "$source/../tools/mutate_files.py" "$sim" "$source/../scenarios" 200

done_expecting
