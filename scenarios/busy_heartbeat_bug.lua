-- A task that computes for long without giving way starves the one that says that it is alive.
--
-- A worker says every 2 ms that it is alive; a watcher that hears nothing for 12 ms takes it for
-- dead. Tasks take turns only where they wait, so a computation of 8 ms delays the sign of life
-- by as much; then a slow message is enough. Who is right gives way after each millisecond. Fails
-- in one run of 74.
local planted = true

local function compute(milliseconds)
    for _ = 1, milliseconds do
        busy "1ms"
        if not planted then
            sleep "1us"
        end
    end
    count "computed"
end

local watcher = node("watcher", function()
    local worker = listen(7000):accept()
    while true do
        local said, why = timeout("12ms", function() return worker:receive() end)
        if said == "bye" then
            break
        end
        if why == "timeout" then
            error "taken for dead"
        end
    end
    worker:close()
end)

local worker = node("worker", function()
    local watcher
    repeat
        watcher = connect("watcher", 7000)
    until watcher
    local alive = spawn("alive", function()
        while true do
            watcher:send "alive"
            sleep "2ms"
        end
    end)
    for _ = 1, 3 do
        sleep(math.random(1000000, 5000000))
        compute(8)
    end
    alive:cancel()
    alive:join()
    watcher:send "bye"
    watcher:close()
end)

link(worker, watcher, { latency = { "1ms", "4ms" } })

finally("all is computed", worker:counter("computed"):equal(3))
expect "fails: taken for dead"
