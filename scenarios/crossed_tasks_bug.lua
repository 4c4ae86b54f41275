-- Two tasks pay into each other's account, and each locks its own first.
--
-- A task holds a lock of the executor's across an await, which is allowed and ends like this:
--   1  one has the lock of `left` and waits for that of `right`     2  the other the other way round
-- Who is right takes both in one order. The node has two threads that run its tasks. Fails in one
-- run of five.
local planted = true

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
expect "fails: deadlock"
