-- A timer is cancelled while it fires: the answer comes too late, and the timer ends the request.
-- The twin of fired_and_cancelled_bug.
local server = node("server", module("races_timer").timers_main)

race(mark(server, "fires"), mark(server, "is answered"))

finally("every request ends", counter("ended"):equal(2))
expect "passes"
