#!/bin/bash
# The instants of messages, timers, calls and tasks in scenario files: who comes to one is held there,
# and what cannot be held is refused.
set -u
. "$(dirname "$0")/expect.sh"

file=$folder/instants.lua
# held SENTENCE RUNS_SENTENCE DECLARATIONS CONSTRAINT: what CONSTRAINT says never holds without it, and
# always does with it.
held() {
    rm -f "$corpus"*
    printf '%s\n' "$3" >"$file"
    expect 10 'late comes last' $sim fuzz "$file" --runs 20 --corpus "$corpus"
    printf '%s\n' "$4" >>"$file"
    expect 0 '^100 runs, 0 failed' $sim fuzz "$file" --runs 100 --corpus "$corpus"
    check "$1" grep -qF "$2: in 100 runs" "$folder/out"
}
pair='
local a = node("a", function()
    local c
    repeat c = connect("b", 7000) until c
    for i = 1, 3 do c:send("question " .. i) mark "sent" c:receive() end
    sleep "20ms"
    mark "over"
    c:close()
end)
local b = node("b", function()
    local c = listen(7000):accept()
    for line in function() return c:receive() end do mark "read" c:send(line) end
    mark "ended"
end)
node("clock", function() sleep "500ms" mark "late" end)
local late = mark("any", "late")
link(a, b, { latency = { "1ms", "5ms" } })'

held 'who sends is held' 'hold(message 2 from a to b is sent, mark late 1 of any node)' \
    "$pair"'
finally("late comes last", before(late, mark(a, "sent", { nth = 2 })))' \
    'hold(message { from = a, to = b, nth = 2 }.sent, { until_ = late })'
held 'who reads is held' 'hold(message 3 from a is read at b, mark late 1 of any node)' \
    "$pair"'
finally("late comes last", before(late, mark(b, "read", { nth = 3 })))' \
    'hold(message { from = a, to = b, nth = 3 }.read, { until_ = late })'

# One send gives one message of each kind: in the first run in which a send is short, so that there
# are four, four arrive and are read; and no run before it is one in which the network cut one in two.
for instant in sent arrives read; do
    rm -f "$corpus"*
    printf '%s\nfinally("there are three", message { from = a, to = b, each = true }.%s:equal(3))\n' \
        "$pair" "$instant" >"$file"
    expect 10 'there are three: it came 4 times' $sim fuzz "$file" --runs 5000 --corpus "$corpus"
    grep ' runs*, 1 failed' "$folder/out" >"$folder/$instant"
done
check 'what is sent arrives' cmp -s "$folder/sent" "$folder/arrives"
check 'what arrives is read' cmp -s "$folder/arrives" "$folder/read"

clock='
local a = node("a", function() mark "late" end)
local b = node("b", function()
    busy "5ms"
    local l = listen(7000)
    mark "listens"
    spawn("clock", function(n) for i = 1, n do sleep "1ms" count "ticks" end end, 2):join()
    l:close()
    mark "ended"
end)
local late = mark(a, "late")'
held 'a call that returns is waited for' 'hold(mark late 1 of a, listen 1 of b returns)' \
    "$clock"'
finally("late comes last", before(call(b, "listen").returns, late))' \
    'hold(late, { until_ = call(b, "listen").returns })'
held 'a timer that is armed is waited for' 'hold(mark late 1 of a, timer 1 of b is armed)' \
    "$clock"'
finally("late comes last", before(timer(b).armed, late))' \
    'hold(late, { until_ = timer(b).armed })'
held 'a task that ends is waited for' 'hold(mark late 1 of a, task clock 1 of b ends)' \
    "$clock"'
finally("late comes last", before(task(b, "clock").ends, late))' \
    'hold(late, { until_ = task(b, "clock").ends })'
sleeper='
local a = node("a", function() sleep "500ms" mark "late" end)
local b = node("b", function()
    spawn("clock", function() mark "began" sleep "1ms" mark "woke" end):join()
end)
local late = mark(a, "late")'
held 'a task that starts is held' 'hold(task clock 1 of b starts, mark late 1 of a)' \
    "$sleeper"'
finally("late comes last", before(late, mark(b, "began")))' \
    'hold(task(b, "clock").starts, { until_ = late })'
held 'a task that wakes is held' 'hold(task clock 1 of b wakes, mark late 1 of a)' \
    "$sleeper"'
finally("late comes last", before(late, mark(b, "woke")))' \
    'hold(task(b, "clock").wakes, { until_ = late })'

# how often they come
cat >"$file" <<LUA
$clock
local function each(what) return task(b, "clock", { each = true })[what] end
finally("one start", each("starts"):equal(1))
finally("two waits", each("blocks"):equal(2))
finally("two wakes", each("wakes"):equal(2))
finally("one end", each("ends"):equal(1))
finally("not another one's", task(b, "clocks", { each = true }).starts:equal(0))
finally("a call enters and returns", before(call(b, "listen"), call(b, "listen").returns))
finally("enters is the call itself", call(b, "listen", { each = true }).enters:equal(1))
finally("it returns once", call(b, "listen", { each = true }).returns:equal(1))
LUA
expect 0 '^100 runs, 0 failed' $sim fuzz "$file" --runs 100 --corpus "$corpus"

# ---- predicates over counters ----

hits='
local function hit(pause) return function() for i = 1, 3 do sleep(pause) count "hits" end end end
local a = node("a", hit "5ms")
local b = node("b", hit "7ms")
local c = node("c", function() mark "late" end)
local late = mark(c, "late")'
held 'a predicate is waited for' 'hold(mark late 1 of c, counter hits is at least 4)' \
    "$hits"'
finally("late comes last", before(when(counter("hits"):at_least(4)), late))' \
    'hold(late, { until_ = when(counter("hits"):at_least(4)) })'
held 'one of a node' 'hold(mark late 1 of c, counter hits of b is 2 by time 1 s)' \
    "$hits"'
finally("late comes last", before(when(b:counter("hits"):equal(2)), late))' \
    'hold(late, { until_ = when(b:counter("hits"):equal(2), { within = "1s" }) })'
held 'who would make it true is held' 'order(time 100 ms, counter hits is at least 2)' \
    "$hits"'
finally("late comes last", before(at "100ms", when(counter("hits"):at_least(2))))' \
    'order(at "100ms", when(counter("hits"):at_least(2)))'

cat >"$file" <<LUA
$hits
local second = when(counter("hits"):at_least(2))
race(second, mark(c, "late"))
pause(a, { when = when(counter("hits"):at_least(3)), lasts = "1ms" })
finally("it comes once", second:equal(1))
finally("all are counted", counter("hits"):equal(6))
sometimes("the predicate wins", before(second, late))
sometimes("the mark wins", before(late, second))
LUA
rm -f "$corpus"*
expect 0 'race.counter hits is at least 2, mark late 1 of c.: in 200 runs' \
    $sim fuzz "$file" --runs 200 --corpus "$corpus"

# what does not come in time is waited for no longer, and absent
cat >"$file" <<LUA
$hits
hold(late, { until_ = when(counter("hits"):at_least(2), { within = "4ms" }) })
finally("nobody waits", before(late, at "4500us"))
finally("it waited until then", before(at "3900us", late))
finally("it never comes", when(counter("hits"):at_least(2), { within = "4ms" }):equal(0))
LUA
expect 11 'hold.mark late 1 of c, counter hits is at least 2 by time 4 ms.: in no run' \
    $sim fuzz "$file" --runs 50 --corpus "$corpus"
check 'and no finding' grep -q '^50 runs, 0 failed' "$folder/out"

# ---- faults ----

# a fault begins with each of them
for when in 'message { from = a, to = b }.sent' 'message { from = a, to = b }.read' \
    'timer(a).armed' 'call(b, "accept").returns' 'call(a, "connect").returns'; do
    printf '%s\npause(%s, { when = %s, lasts = "30ms" })\n' "$pair" b "$when" >"$file"
    expect 0 'pause of b when .*: in 50 runs' $sim fuzz "$file" --runs 50 --corpus "$corpus"
done

# a case with all of them replays
cat >"$file" <<LUA
$pair
order(message { from = a, to = b, nth = 2 }.sent, message { from = a, to = b, nth = 2 }.read)
race(message { from = b, to = a }.read, timer("any").expires)
sometimes("armed", timer(a).armed)
sometimes("returned", call(b, "accept").returns)
never("the third is read", message { from = a, to = b, nth = 3 }.read)
LUA
expect 10 'the third is read: it came 1 time' $sim run "$file" --seed 5 --corpus "$corpus"
id=$(sed -n 's/^To see it again:  sim replay \([0-9a-f]*\).*/\1/p' "$folder/out")
expect 10 '^Replayed bit-exactly' $sim replay "$id" --corpus "$corpus"

refused() { # SENTENCE STATEMENT
    printf '%s\n%s\n' "$pair" "$2" >"$file"
    expect 2 "$1" $sim check "$file"
}
refused 'hold.. cannot hold the arming of a timer: .* hold its call' \
    'hold(timer(a).armed, { until_ = late })'
refused 'order.. cannot hold a call that returns: .* hold what the thread does next' \
    'order(late, call(a, "send").returns)'
refused 'race.. cannot hold a task that blocks: ' 'race(late, task(a, "clock").blocks)'
refused '"mark" is no call that returns' 'order(call(a, "mark").returns, late)'
refused 'there is no call "snd"' 'order(call(a, "snd").returns, late)'
refused 'a message has no .snt.; did you mean .sent.' 'order(message { from = a }.snt, late)'
refused 'this node runs a function, .*; write task.node, "name".\.wakes' \
    'hold(timer(a).expires, { until_ = late })'
refused 'a timer has no .arms.' 'order(timer(a).arms, late)'
refused 'a call has no .return_.; did you mean .returns.' 'order(call(a, "send").return_, late)'
refused 'a task has no .start.; did you mean .starts.' 'order(task(a, "x").start, late)'
refused 'the name of a task has 1 to' 'order(task(a, "").starts, late)'
refused 'the task ".*" must have 1 to 31 characters' \
    'order(task(a, ("x"):rep(40)).starts, late)'
refused 'a task: .*nht|`nht`' 'order(task(a, "x", { nht = 1 }).starts, late)'

refused 'counter "hits" is that from the start' 'order(late, when(counter("hits"):at_most(3)))'
refused 'counter "hits" is that from the start' 'order(late, when(counter("hits"):equal(0)))'
refused 'what comes to hold is of a counter' 'order(late, when(late:at_least(2)))'
refused 'what comes to hold' 'order(late, when(counter("hits")))'
refused '.within. is more than no time' \
    'order(late, when(counter("hits"):at_least(2), { within = 0 }))'
refused 'when: .*|`witin`' 'order(late, when(counter("hits"):at_least(2), { witin = "1s" }))'

done_expecting
