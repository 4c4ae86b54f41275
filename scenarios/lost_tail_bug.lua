-- A logger is told to stop while lines still wait in its channel, and the last lines are lost.
--
-- The stop is a flag beside the channel, so it overtakes what was sent before it; whether something
-- is still inside depends on how long the disk took for the line before. Fails in one run of four.
local planted = true
local app = node("app", function()
    local lines, stopped = channel(4), false
    local logger = spawn("logger", function()
        while not (planted and stopped) do
            if not lines:receive() then break end
            sleep(math.random(1, 4) * 1000000)
            count "written"
        end
    end)
    for number = 1, 6 do
        sleep(math.random(2, 8) * 1000000)
        lines:send("line " .. number)
    end
    stopped = true
    lines:close()
    logger:join()
end)
finally("every line is written", counter("written"):equal(6))
expect "fails: every line is written"
