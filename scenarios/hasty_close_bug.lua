-- A channel is closed between the look at it and the send, and the refusal is not heard.
--
-- Three clerks accept letters while the office is open, and put them into the bag, a channel of one:
--   1  a clerk sees that it is open, and accepts     2  the bag is full, so he waits     3  the office
-- closes the bag, whose last letter the courier takes: the send returns nil, "closed"
-- Who is right accepts when the letter is in the bag. Fails in one run of four.
local planted = true

local post = node("post", function()
    local bag = channel(1)
    local is_open = true
    local function clerk(name)
        for number = 1, 3 do
            sleep(math.random(0, 4000000))
            if not is_open then
                break
            end
            mark "is open"
            local sent = bag:send(name .. number)
            if not sent then
                count "refused"
            end
            if planted or sent then
                count("on the way", 1)
            end
        end
    end
    for i = 1, 3 do
        spawn("clerk " .. i, clerk, "letter " .. i .. ".")
    end
    spawn("courier", function()
        for _ in function() return bag:receive() end do
            count("on the way", -1)
            sleep "1ms"
        end
    end)
    sleep(math.random(5000000, 9000000))
    is_open = false
    bag:close()
end)

finally("no letter is lost", post:counter("on the way"):equal(0))
sometimes("a letter is refused", post:counter("refused"):at_least(1))
expect "fails: no letter is lost"
