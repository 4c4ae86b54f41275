-- A follower is read before the write that its leader has confirmed reaches it.
--
-- The follower answers from its own copy. The hold keeps the leader's first write from it until
-- somebody reads there. Fails in one run of four; without the hold in one of eight.
local kv       = module "stale_read_bug"
local leader   = node("leader", kv.leader_main, { daemon = true })
local follower = node("follower", kv.follower_main, { daemon = true })
local first    = node("client-1", kv.client_main, { "0" })
local second   = node("client-2", kv.client_main, { "1" })
link("any", "any", { latency = { "1ms", "4ms" } })

local copy = message { from = leader, to = follower }
local read = message { from = first, to = follower }
hold(copy.arrives, { until_ = read.arrives })

linearizable("two nodes are like one", "kv", "register")
expect "fails: two nodes are like one"
