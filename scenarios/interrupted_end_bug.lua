-- A read is interrupted, and is taken for the end of the stream.
--
-- Twenty records are told one by one. The planted bug stops at any read that gives no bytes. Each
-- read fails with EINTR in one of a hundred, as after a signal. Fails in one run of seven; without it
-- never.
local error    = module "net_error_bug"
local listener = node("listener", error.listener_main)
local teller   = node("teller", error.teller_main)
link(listener, teller, { latency = { "1ms", "2ms" } })

fail(listener, { call = "read", error = "EINTR", chance = "1%" })

finally("all is heard", counter("heard"):equal(20))
expect "fails: all is heard"
