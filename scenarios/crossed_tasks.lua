-- Two tasks pay into each other's account, and both lock the one with the smaller number first.
--
-- A task may hold a lock of the executor's across an await, if all take their locks in one order.
-- The twin takes its own first.
local planted = false

local function move(amount, from, to)
    local first, second = from, to
    if not planted and to.number < from.number then
        first, second = to, from
    end
    first.lock:lock()
    mark "has one"
    second.lock:lock()
    from.balance, to.balance = from.balance - amount, to.balance + amount
    second.lock:unlock()
    first.lock:unlock()
    count "moved"
end

local bank = node("bank", function()
    local left = { number = 1, balance = 100, lock = mutex() }
    local right = { number = 2, balance = 100, lock = mutex() }
    local there = spawn("there", move, 10, left, right)
    local back = spawn("back", move, 20, right, left)
    there:join()
    back:join()
    assert(left.balance == 110 and right.balance == 90, "money is lost")
end, { workers = 2 })

finally("both have moved", bank:counter("moved"):equal(2))
expect "passes"
