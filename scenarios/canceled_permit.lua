-- A deadline cancels a task's part that holds a permit, which it gives back whatever happens.
--
-- Four requests share two permits, and each has 10 ms for all it does. The twin leaves the permit
-- out when its wait raises "canceled".
local planted = false

local function ask()
    sleep(math.random(1000000, 8000000)) -- the answer is on its way
    count "answers"
end

local main = node("main", function()
    local permits = semaphore(2)
    local function request()
        permits:acquire()
        mark "asks"
        local ok, why
        if planted then
            ok = ask()
        else
            ok, why = pcall(ask)
        end
        permits:release()
        if why then
            error(why, 0)
        end
    end
    for i = 1, 4 do
        spawn("request " .. i, function()
            sleep(math.random(0, 4000000))
            if select(2, timeout("10ms", request)) == "timeout" then
                count "timeouts"
            end
            count "ended"
        end)
    end
    sleep "50ms"
    timeout("10ms", function() permits:acquire(2) count "all back" end)
end)

finally("every request ends", main:counter("ended"):equal(4))
finally("every permit comes back", main:counter("all back"):equal(1))
sometimes("a deadline comes", counter("timeouts"):at_least(1))
expect "passes"
