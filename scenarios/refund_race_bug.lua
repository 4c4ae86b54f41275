-- Two clerks refund one order at the same time, and the money is paid back twice.
--
-- Each looks whether the order is still paid, talks to the bank, and only then marks it as
-- refunded: who looks while the other one still waits for the bank sees an order that is paid.
-- Fails in each run; without the race in one of four.
local planted = true
local bank = node("bank", function()
    local door = listen(7000)
    while true do door:accept():send "refunded" count "refunds" end
end, { daemon = true })
local shop = node("shop", function()
    local paid, order = true, mutex()
    local function press()
        sleep(math.random(1, 60) * 1000000)
        mark "pressed"
        if not planted then order:lock() end
        if paid then connect(bank, 7000):receive() end
        paid = false
        if not planted then order:unlock() end
    end
    spawn("ann", press)
    spawn("bob", press)
end)
link(shop, bank, { latency = { { "95%", "1ms", "2ms" }, { "5%", "2ms", "60ms" } } })
race(message { from = bank, to = shop }.arrives, mark(shop, "pressed", { nth = 2 }))
always("an order is refunded once", counter("refunds"):at_most(1))
expect "fails: an order is refunded once"
