-- A task that computes for long lets the one go first that says that it is alive.
--
-- A worker says every 2 ms that it is alive; a watcher that hears nothing for 12 ms takes it for
-- dead. The worker gives way after each millisecond of what it computes; its twin after eight.
local planted = false

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
expect "passes"
