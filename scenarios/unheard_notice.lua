-- A deadline cancels a wait for a notice, and nothing that the notice was for.
--
-- Two cooks wait for dishes to be ordered, each for 5 ms at most; then he looks after the stove. The
-- executor passes on a notice that was given to one who is cancelled before he went on. The deadline
-- of the twin covers what he does with it, too.
local planted = false

local ORDERS = 4

local kitchen = node("kitchen", function()
    local news, orders, closed = notify(), 0, false
    local function hear()
        while orders == 0 and not closed do
            news:wait()
        end
        if orders > 0 then
            orders = orders - 1
            mark "hears"
            return true
        end
    end
    local function fetch()
        sleep(math.random(0, 1000000))
        count "cooked"
    end
    local function cook()
        while not closed or orders > 0 do
            if planted then
                timeout("5ms", function()
                    if hear() then
                        fetch()
                    end
                end)
            elseif timeout("5ms", hear) == true then
                fetch()
            end
            sleep "1ms" -- the stove
        end
    end
    spawn("first", cook)
    spawn("second", cook)
    for _ = 1, ORDERS do
        sleep(math.random(1000000, 9000000))
        orders = orders + 1
        news:one()
    end
    closed = true
    news:all()
end)

finally("every order is cooked", kitchen:counter("cooked"):equal(ORDERS))
expect "passes"
