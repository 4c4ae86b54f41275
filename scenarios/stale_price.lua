-- A client sells at the new price once the server has confirmed it: it waits for the announcement.
--
-- The server announces the new price to the client's cache over one connection and confirms the
-- change to the operator over another; the announcement is still on its way when the operator asks
-- the client.
local planted = false
local server = node("server", function()
    local operator, cache = listen(7000):accept(), connect("client", 7000)
    cache:send(operator:receive())
    operator:send "20"
end)
local client = node("client", function()
    local news, desk, price = listen(7000), listen(7001), "10"
    local reader = spawn("cache", function() price = news:accept():receive() end)
    local wanted = desk:accept():receive()
    if not planted and price ~= wanted then reader:join() end
    if price ~= wanted then mark "sold at the old price" end
end)
local operator = node("operator", function()
    local path, desk = connect(server, 7000), connect(client, 7001)
    path:send "20" desk:send(path:receive())
end)
link("any", "any", { latency = { { "90%", "1ms", "2ms" }, { "10%", "2ms", "50ms" } } })
race(message { from = operator, to = client }.arrives, message { from = server, to = client }.arrives)
never("nobody sells at the old price after the confirmation", mark(client, "sold at the old price"))
expect "passes"
