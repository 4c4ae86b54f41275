-- A replicated log of five nodes: two may be gone at a time. Faults come when the weather says so, and
-- at the moments that are worst: somebody was elected, has committed, has voted.
local raft    = module "raft"
local nodes   = {}
for i = 1, 5 do
    nodes[i] = node("node-" .. i - 1, raft.raft_server, { i - 1, 5, daemon = true })
end
local weather = node("weather", raft.raft_weather, { 5, 4, daemon = true })
node("client-0", raft.raft_client, { 0, 5, 8 })
node("client-1", raft.raft_client, { 1, 5, 8 })
link("any", "any", { latency = { "200us", "5ms" } })

local function on(where, name)
    return mark(where, name, { each = true })
end
local calm = on(weather, "calm")

for i, one in ipairs(nodes) do
    crash(one, { when = on(weather, "crash " .. i - 1), restart = "8ms", files = "torn" })
    crash(one, { when = on(one, "has voted"), restart = "1ms", files = "synced" })
    for j, other in ipairs(nodes) do
        if i ~= j then
            partition(one, other, { when = on(weather, "isolate " .. i - 1), heal = calm })
            partition(one, other, { when = on(one, "leads"), lasts = "45ms" })
            partition(one, other, { when = on(one, "commits"), lasts = "45ms" })
            partition(one, other, { when = on(weather, "hush " .. i - 1 .. " " .. j - 1), heal = calm, one_way = true })
        end
        if i < j then
            reset(one, other, { when = on(weather, "reset " .. i - 1 .. " " .. j - 1) })
        end
    end
end

linearizable("the log is like one register a key", "kv", "register")
linearizable("a term has at most one leader", "leaders", "lock")
linearizable("logs with one term at an index match", "entries", "register")
linearizable("an index is applied everywhere as one", "applied", "register")
finally("each client is served", counter("clients served"):equal(2))
sometimes("a leader is replaced", counter("leaders replaced"):at_least(1))
sometimes("who was cut off leads and commits", counter("commits after a heal"):at_least(1))
sometimes("a node remembers", counter("recoveries"):at_least(1))
sometimes("a log is cut", counter("logs cut"):at_least(1))
expect "passes"
