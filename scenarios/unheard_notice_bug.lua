-- A notice goes to a waiter whom a deadline cancels just then, and he does not pass on what it was for.
--
-- Two cooks wait for dishes to be ordered, each for 5 ms at most; then he looks after the stove. The
-- executor passes on a notice that was given to one who is cancelled before he went on. The planted
-- bug loses one on the way of the program itself:
--   1  a cook hears of an order and goes for the note, which takes a moment     2  his deadline comes:
-- the wait is canceled     3  the order counts as taken, and nobody cooks it
-- Who is right has a deadline for the wait alone. Fails in one run of three.
local planted = true

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
expect "fails: every order is cooked"
