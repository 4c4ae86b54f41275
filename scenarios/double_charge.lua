-- A client sends its charge again because the answer is late, and the server charges once.
--
-- The first request was not lost, only its answer is slow; the second one has the same number, and
-- the server looks whether it has seen it.
local planted = false
local server = node("server", function()
    local connection, seen = listen(7000):accept(), {}
    for number in function() return connection:receive() end do
        if planted or not seen[number] then count "charged" end
        seen[number] = true
        connection:send("done " .. number)
    end
end)
local client = node("client", function()
    local connection = connect(server, 7000)
    repeat
        connection:send "order 17"
        local answer = timeout("20ms", function() return connection:receive() end)
        if not answer then mark "late" end
    until answer
end)
link(client, server, { latency = { { "99%", "1ms", "3ms" }, { "1%", "3ms", "30ms" } } })
race(message { from = server, to = client }.arrives, mark(client, "late"))
finally("every order is charged once", counter("charged"):equal(1))
expect "passes"
