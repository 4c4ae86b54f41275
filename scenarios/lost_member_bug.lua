-- The network may be cut for longer than a member is patient. It stops looking for its registry after
-- three tries, and is lost for good, though the cut heals: nothing wrong happens, but nothing at all.
local planted = true
local registry = node("registry", function()
    local door = listen(7000)
    while true do
        local connection = door:accept()
        spawn("greeter", function() connection:send(connection:receive() or "") connection:close() end)
    end
end, { daemon = true })
local member   = node("member", function()
    local failed = 0
    while not planted or failed < 3 do
        local answer = timeout("10ms", function()
            local connection = connect("registry", 7000)
            return connection and connection:send("hello") and connection:receive()
        end)
        failed = answer == "hello" and 0 or failed + 1
        if failed == 0 then mark "is known" end
        sleep "5ms"
    end
end, { daemon = true })
node("clock", function() sleep "250ms" end)

partition(member, registry, { between = { "1ms", "60ms" }, lasts = { "5ms", "60ms" } })
crash(registry, { between = { "1ms", "60ms" }, restart = { "1ms", "60ms" } })
local quiet = calm "100ms"
eventually("the member is known again", mark(member, "is known", { each = true }), { after = quiet, within = "100ms" })
expect "fails: the member is known again"
