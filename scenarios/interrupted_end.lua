-- A read is interrupted, and goes on.
-- The twin of interrupted_end_bug.
local error    = module "net_error"
local listener = node("listener", error.listener_main)
local teller   = node("teller", error.teller_main)
link(listener, teller, { latency = { "1ms", "2ms" } })

fail(listener, { call = "read", error = "EINTR", chance = "1%" })

finally("all is heard", counter("heard"):equal(20))
expect "passes"
