-- Two requests read a value, wait, and write what they made of it: one update is lost.
--
-- Tasks of one thread take turns only where they wait, so many think that they need no lock. Here
-- the wait lies between the read and the write:
--   1  a request reads 0 and asks for the price     2  another reads 0, too     3  both write 1
-- Who is right reads behind the wait. Fails in one run of nine.
local planted = true

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
expect "fails: what is sold is counted"
