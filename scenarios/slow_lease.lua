-- The clock of a leader is slow, and that of the arbiter fast; it leads a little shorter than it may.
-- The twin of slow_lease_bug.
local lease   = module "net_clock"
local wrong   = { clock = { drift = "±1%" } }
local arbiter = node("arbiter", lease.arbiter_main, { daemon = true, clock = wrong.clock })
local first   = node("first", lease.holder_main, { "0", clock = wrong.clock })
local second  = node("second", lease.holder_main, { "1", clock = wrong.clock })
link("any", "any", { latency = { "1ms", "2ms" } })

always("at most one leads", counter("leaders"):at_most(1))
finally("each has led", counter("has led"):equal(2))
expect "passes"
