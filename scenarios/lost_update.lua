-- Two requests write what they make of a value that they read behind their last wait.
--
-- Tasks of one thread take turns only where they wait, so what lies between two waits needs no
-- lock. The twin reads before it waits.
local planted = false

local PORT = 7000
local sold = 0

local function serve(customer)
    customer:receive()
    local seen = sold
    mark "has read"
    sleep(math.random(0, 1000000)) -- what it costs is asked elsewhere
    sold = (planted and seen or sold) + 1
    customer:send(tostring(sold))
    customer:close()
end

local shop = node("shop", function()
    local listener = listen(PORT)
    local first = spawn("first", serve, (listener:accept()))
    local second = spawn("second", serve, (listener:accept()))
    first:join()
    second:join()
    listener:close()
    count("sold", sold)
end)

for i = 1, 2 do
    node("customer " .. i, function()
        local shop
        repeat
            shop = connect("shop", PORT)
        until shop
        sleep(math.random(0, 10000000))
        shop:send "one"
        assert(shop:receive(), "no answer")
        shop:close()
    end)
end

finally("what is sold is counted", shop:counter("sold"):equal(2))
expect "passes"
