-- A follower is read before a confirmed write reaches it, and asks its leader first.
-- The twin of stale_follower_bug.
local kv       = module "stale_read"
local leader   = node("leader", kv.leader_main, { daemon = true })
local follower = node("follower", kv.follower_main, { daemon = true })
local first    = node("client-1", kv.client_main, { "0" })
local second   = node("client-2", kv.client_main, { "1" })
link("any", "any", { latency = { "1ms", "4ms" } })

local copy = message { from = leader, to = follower }
local read = message { from = first, to = follower }
hold(copy.arrives, { until_ = read.arrives })

linearizable("two nodes are like one", "kv", "register")
expect "passes"
