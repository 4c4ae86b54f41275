-- Two stages hand work to each other over bounded channels, and both wait for room.
--
-- A job goes from `parse` to `store`; every third one comes back, to be parsed again. The planted
-- bug makes each stage send in the task that receives:
--   1  `store` is full, and `parse` waits for room in it     2  `parse` fills up with what comes back
--   3  `store` waits for room in `parse`, and nobody receives
-- Who is right lets a task of its own wait, and receives on. Two threads run the tasks. Fails in one
-- run of four.
local planted = true

local JOBS = 12

local shop = node("shop", function()
    local to_parse, to_store = channel(2), channel(1)
    local function send_back(job)
        to_parse:send { number = job.number, again = true }
    end
    spawn("parse", function()
        for job in function() return to_parse:receive() end do
            mark "parses"
            to_store:send(job)
        end
        to_store:close()
    end)
    spawn("store", function()
        for job in function() return to_store:receive() end do
            if job.number % 3 == 0 and not job.again then
                if planted then
                    send_back(job)
                else
                    spawn("back", send_back, job)
                end
            elseif count "stored" == JOBS then
                to_parse:close()
            end
        end
    end)
    for number = 1, JOBS do
        to_parse:send { number = number }
    end
end, { workers = 2 })

finally("every job is stored", shop:counter("stored"):equal(JOBS))
expect "fails: deadlock"
