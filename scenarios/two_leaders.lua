-- A lease is renewed, the answer comes late, and counts from when it was asked for.
-- The twin of two_leaders_bug.
local lease   = module "net_lease"
local arbiter = node("arbiter", lease.arbiter_main, { daemon = true })
local first   = node("first", lease.candidate_main, { "0" })
local second  = node("second", lease.candidate_main, { "1" })
link("any", "any", { latency = { "1ms", "2ms" } })

hold(call(first, "receive", { nth = 3 }), { until_ = at "33ms" })

always("at most one leads", counter("leaders"):at_most(1))
finally("each has led", counter("has led"):equal(2))
expect "passes"
