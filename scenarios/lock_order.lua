-- A session is closed while the table of sessions is swept, and all lock the table first.
-- The twin of lock_order_bug.
local server = node("server", module("races_locks").sessions_main)

race(mark(server, "closes"), mark(server, "sweeps"))

finally("every session is closed", counter("closed"):equal(2))
expect "passes"
