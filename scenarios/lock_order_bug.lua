-- A session is closed while the table of sessions is swept: two locks in two orders.
--
-- A client locks its session and then the table, the reaper the table and then each session. The
-- race brings a client that closes to the sweep; who locks first is left to the seed. Fails in one
-- run of four; without the race in one of sixty-seven.
local server = node("server", module("races_locks_bug").sessions_main)

race(mark(server, "closes"), mark(server, "sweeps"))

finally("every session is closed", counter("closed"):equal(2))
expect "fails: deadlock"
