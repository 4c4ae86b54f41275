#!/bin/bash
# Nodes that run a function of the scenario file: what its tasks may do, and what is said when they do
# what they may not.
set -u
. "$(dirname "$0")/expect.sh"
file=$folder/tasks.lua

runs() { # SENTENCE PRINTED TEXT: a run of the function prints this, and nothing is found
    printf 'node("n", function(...)\n%s\nend, { "one", 2 })\n' "$3" >"$file"
    expect 0 '^1 run, 0 failed' $sim run "$file" --seed 1 --corpus "$corpus"
    check "$1" grep -qxF -- "$2" "$folder/out"
}
finds() { # FINDING TEXT: this is found
    printf 'node("n", function()\n%s\nend)\n' "$2" >"$file"
    expect 10 '^1 run, 1 failed' $sim run "$file" --seed 1 --corpus "$corpus"
    tr '\n' ' ' <"$folder/out" | tr -s ' ' >"$folder/line"
    check "$1" grep -qE -- "$1" "$folder/line"
}

# ---- what a task can do ----

runs 'arguments arrive' 'one	2' 'print(...)'
runs 'a join gives what was returned' '42	x' 'print(spawn(function(n) sleep(1) return n + 1, "x" end, 41):join())'
runs 'a join of a task that has ended does not wait' 'true	7' '
    local t = spawn(function() return 7 end) yield() print(t:done(), t:join())'
runs 'a name is shown' 'task worker' 'print(spawn("worker", function() end))'
runs 'a cancel is raised where a task waits' 'false	canceled' '
    local t = spawn(function() print(pcall(sleep, "1s")) end) yield() t:cancel() t:join()'
runs 'a cancel is told once' 'after' '
    local t = spawn(function() pcall(sleep, "1s") sleep(1) print "after" end) yield() t:cancel() t:join()'
runs 'a cancel that nobody catches ends the task' 'nil	canceled' '
    local t = spawn(sleep, "1s") yield() t:cancel() print(t:join())'
runs 'a cancel before the first wait is told at it' 'begun	false	canceled' '
    local t = spawn(function() print("begun", pcall(sleep, 1)) end) t:cancel() t:join()'
runs 'a cancel closes variables' 'closed' '
    local closing = setmetatable({}, { __close = function() print "closed" end })
    local t = spawn(function() local v <close> = closing sleep "1s" end) yield() t:cancel() t:join()'
runs 'a lock that a cancel left is another'"'"'s' 'mine' '
    local m = mutex() m:lock()
    local t = spawn(function() m:lock() end) yield() t:cancel() t:join()
    m:unlock() m:lock() print "mine"'
runs 'a deadline ends what waits' 'nil	timeout' 'print(timeout("3ms", sleep, "1s"))'
runs 'what ends before its deadline returns' '7	2' '
    print(timeout("3ms", function(x) sleep "1ms" return x, 2 end, 7))'
runs 'an error within a deadline is the caller'"'"'s' 'false	tasks.lua:3: oh' '
print(pcall(timeout, "3ms", function() sleep "1ms" error "oh" end))'
runs 'a cancel goes through a deadline' 'false	canceled' '
    local t = spawn(function() print(pcall(timeout, "1s", sleep, "1s")) end) yield() t:cancel() t:join()'
runs 'a deadline within a deadline' 'nil	timeout' '
    print(timeout("3ms", function() return timeout("2ms", sleep, "1s") end))'
runs 'the first of several returns' '2	b' '
    print(first(function() sleep "2ms" return "a" end, function() sleep "1ms" return "b" end))'
runs 'what lost was canceled' 'canceled' '
    first(function() local ok, why = pcall(sleep, "1s") print(why) error(why, 0) end, function() sleep(1) end)'
runs 'a channel hands on in order' '123' '
    local c, all = channel(2), ""
    spawn(function() for i = 1, 3 do c:send(i) end c:close() end)
    for v in function() return c:receive() end do all = all .. v end print(all)'
runs 'a closed channel takes nothing' 'nil	closed' 'local c = channel() c:close() print(c:send(1))'
runs 'a send that was canceled left its element out' '1	1' '
    local c = channel(1) c:send(1)
    local t = spawn(function() c:send(2) end) yield() t:cancel() t:join() print(c:count(), c:receive())'
runs 'tables go through a channel as they are' 'true' '
    local c, t = channel(1), {} c:send(t) print(c:receive() == t)'
runs 'a notice for nobody is remembered' 'on' 'local n = notify() n:one() n:wait() print "on"'
runs 'permits' 'false' 'local s = semaphore(2) s:acquire(2) print(s:try_acquire())'
runs 'an own coroutine is a coroutine' '1	2' '
    local w = coroutine.wrap(function() coroutine.yield(1) coroutine.yield(2) end) print(w(), w())'
runs 'a task is not in anybody'"'"'s hands' 'nil	true' 'print(coroutine.running())'
runs 'busy takes time, and keeps the thread' 'true' '
    spawn(function() sleep "1ms" count "woken" end) yield()
    local was = now() busy "5ms" print(now() - was >= 5000000 and count("woken", 0) == 0)'
runs 'what is not there is refused' 'nil	refused' 'print(connect("n", 7000))'

cat >"$file" <<'LUA'
local greeting = "hello "
local shared = require "shared"
local server = node("server", function()
    local connection = listen(7000):accept()
    for line in function() return connection:receive() end do
        connection:send(greeting .. line .. shared.mark)
    end
    connection:close()
end)
node("client", function()
    local c
    repeat c = connect(server, 7000) until c
    c:write "a\nb\nlast"
    print(c:receive(), c:receive())
    c:write "\n"
    print(c:receive())
    local text = ("x"):rep(20000)
    c:send(text)
    print(c:receive() == "hello " .. text .. "!")
    spawn(function() c:receive() end)
    yield()
    print(pcall(c.receive, c))
    c:close()
    print(c:send "gone")
end)
LUA
echo 'return { mark = "!" }' >"$folder/shared.lua"
expect 0 '^hello a!	hello b!$' $sim run "$file" --seed 3 --corpus "$corpus"
check 'a line ends at its end' grep -qx 'hello last!' "$folder/out"
check 'a long line' grep -qx 'true' "$folder/out"
check 'one reads' grep -q 'another task reads from this connection' "$folder/out"
check 'what is closed is closed' grep -qx 'nil	closed' "$folder/out"
expect 0 '^50 runs, 0 failed' $sim fuzz "$file" --runs 50 --corpus "$corpus"

# with worker threads the seed picks
cat >"$file" <<'LUA'
node("n", function()
    local order = ""
    for i = 1, 3 do
        spawn(function() yield() order = order .. i if #order == 3 then count(order) end end)
    end
end, { workers = 2 })
sometimes("the first is first", counter("123"):equal(1))
sometimes("the last is first", counter("312"):equal(1))
LUA
expect 0 '^300 runs, 0 failed' $sim fuzz "$file" --runs 300 --corpus "$corpus"
sed -i 's/workers = 2/workers = 0/' "$file"
expect 11 'the last is first' $sim fuzz "$file" --runs 300 --corpus "$corpus"

# who is held at a mark keeps its thread
cat >"$folder/kept.lua" <<'LUA'
local n = node("n", function()
    spawn(function() mark "a" end)
    spawn(function() mark "b" end)
end, { workers = 0 })
hold(mark(n, "a"), { until_ = mark(n, "b") })
finally("b comes first", before(mark(n, "b"), mark(n, "a")))
LUA
expect 10 'property: b comes first: it came 0 times' $sim fuzz "$folder/kept.lua" --runs 50 --corpus "$corpus"
check 'that was refused' grep -q 'refused in 1 run: nothing else could go on' "$folder/out"
sed -i 's/workers = 0/workers = 2/' "$folder/kept.lua"
expect 0 '^50 runs, 0 failed' $sim fuzz "$folder/kept.lua" --runs 50 --corpus "$corpus"
check 'with workers it is kept' grep -q 'mark b 1 of n): in 50 runs' "$folder/out"

# ---- what is found ----

finds 'tasks.lua:2: attempt to perform arithmetic on a nil value' 'local x = nil + 1'
finds 'tasks.lua:2: it is not so' 'assert(false, "it is not so")'
finds 'tasks.lua:3: in a task' 'spawn(function()
error "in a task" end)'
finds 'tasks.lua:2: this takes more than 20000000 instructions' 'while true do end'
finds 'tasks.lua:2: this takes more than 20000000 instructions' 'while true do pcall(function() while true do end end) end'
finds 'tasks.lua:2: 3000000 times in a row the tasks did nothing but `yield`' 'while true do yield() end'
finds 'tasks.lua:2: not enough memory' 'local t = {} for i = 1, 600 do t[i] = ("x"):rep(1000000) .. i sleep(1) end'
finds 'tasks.lua:2: coroutine.yield outside a coroutine' 'coroutine.yield()'
finds 'tasks.lua:2: `sleep` waits, within a coroutine' 'coroutine.wrap(function() sleep(1) end)()'
finds 'tasks.lua:2: `sleep` waits, in what table.sort' 'table.sort({ 1, 2 }, function() sleep(1) end)'
finds 'tasks.lua:2: a task declares nothing' 'node("x", print)'
finds 'tasks.lua:2: a task declares nothing' 'limit { time = "1s" }'
finds 'tasks.lua:2: `unlock`: nobody holds this mutex' 'mutex():unlock()'
finds 'tasks.lua:3: `receive`: another task waits for this channel' '
local c = channel() spawn(function() c:receive() end) yield() c:receive()'
finds 'tasks.lua:2: there is no node "m"' 'connect("m", 1)'
finds 'tasks.lua:2: a task waits for itself' 'local t t = spawn(function() t:join() end)'
finds 'deadlock' 'local m = mutex() m:lock() m:lock()'

# a report shows the file's lines, and a column for each task
cat >"$file" <<'LUA'
local server = node("server", function()
    local one, two = mutex(), mutex()
    local function both(a, b)
        a:lock()
        mark "has one"
        sleep "1ms"
        b:lock()
    end
    local t = spawn("there", both, one, two)
    spawn(both, two, one)
    t:join()
end)
LUA
expect 10 '^  at tasks.lua:11, task 1 of server$' $sim run "$file" --seed 1 --corpus "$corpus"
check 'columns' grep -qE '^ +us task 2 "there" +task 3$' "$folder/out"
check 'a step' grep -qE '^ +[01]\.[0-9] mark has one tasks.lua:5$' "$folder/out"
check 'a task that joins' grep -qx 'task 1 of server waits in join, at tasks.lua:11' "$folder/out"
check 'who has a name' grep -qx 'task 2 "there" of server waits in lock, at tasks.lua:7' "$folder/out"
check 'who has none' grep -qx 'task 3 of server waits in lock, at tasks.lua:7' "$folder/out"
check 'threads are not shown then' bash -c '! grep -q "^thread" "$0"' "$folder/out"
id=$(sed -n 's/^To see it again:  sim replay \([0-9a-f]*\).*/\1/p' "$folder/out")
expect 0 ' mark +0 +has one  tasks.lua:5  task 2 "there"$' $sim trace "$id" --corpus "$corpus"
expect 0 '"where":"tasks.lua:5","mark":"has one","task":3,"task_name":""' $sim trace "$id" --json --corpus "$corpus"
printf 'node("n", function()\ntimeout("1s", function()\nsleep(1)\ncount "x" end) end)
always("none", counter("x"):equal(0))\n' >"$file"
expect 10 '^  at tasks.lua:4, task 1 of n$' $sim run "$file" --seed 1 --corpus "$corpus"

# a finding repeats
printf 'node("n", function() sleep(math.random(1000)) assert(math.random(3) > 1, "one") end)\n' >"$file"
expect 10 'assertion: tasks.lua:1: one' $sim fuzz "$file" --corpus "$corpus"
id=$(sed -n 's/^To see it again:  sim replay \([0-9a-f]*\).*/\1/p' "$folder/out")
expect 10 '^Replayed bit-exactly' $sim replay "$id" --corpus "$corpus"
sed -i '1i -- a comment' "$file" # the message has another line, the run is the same
expect 10 'tasks.lua:2: one' $sim run "$file" --seed "$(sed -n 's/^ *seed \([0-9a-fx]*\),.*/\1/p' "$folder/out" | head -1)" --corpus "$corpus"
for backend in fiber baton; do
    expect 0 '^5 runs, 0 failed' $sim run full_channels --runs 5 --backend $backend --corpus "$folder/$backend.db"
done

# ---- what is refused ----

wrong() { # MESSAGE TEXT
    printf '%s\n' "$2" >"$file"
    expect 2 "^sim: tasks.lua:$1" $sim check "$file"
}
wrong '1: `sleep` is for the function that a node runs' 'sleep(1)'
wrong '1: `mutex` is for the function that a node runs' 'local lock = mutex()'
wrong '1: `workers` is a number from 0 to 64' 'node("n", print, { workers = 65 })'
wrong '1: `workers` are of a node whose program is a function' \
    'node("n", module("abba").program, { workers = 1 })'
wrong '1: what a node runs must be a program; this is "a"' 'node("n", "a")'
wrong '1: there is no `sleeep`; did you mean `sleep`' 'sleeep(1)'

# ---- a hundred thousand tasks ----

cat >"$file" <<'LUA'
node("n", function()
    for i = 1, 100000 do spawn(function() yield() sleep "1ms" yield() count "ended" end) end
end)
finally("all have ended", counter("ended"):equal(100000))
LUA
expect 0 '^1 run, 0 failed' $sim run "$file" --seed 1 --corpus "$corpus"

# ---- constraints: a node reads the file anew in each run, and declares them to nobody ----

cat >"$folder/held.lua" <<'LUA'
local a = node("a", function() sleep "1ms" mark "x" sleep "1ms" end)
local b = node("b", function() sleep "1ms" end)
order(mark(a, "x"), at "3ms")
race(mark(a, "x"), at "2ms")
never_between(at "4ms", at "5ms", mark(b, "nowhere"))
LUA
expect 11 '^300 runs, 0 failed' $sim fuzz "$folder/held.lua" --runs 300 --corpus "$folder/held.db"

done_expecting
