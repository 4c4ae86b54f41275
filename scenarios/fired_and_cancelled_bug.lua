-- A timer is cancelled while it fires, and its request ends twice.
--
-- The answer does not care whether the timer could be cancelled. The race makes it come when the
-- timer is off its list and has not ended the request yet. Fails in one run of two; without the
-- race in one of two hundred and eighty.
local server = node("server", module("races_timer_bug").timers_main)

race(mark(server, "fires"), mark(server, "is answered"))

finally("every request ends", counter("ended"):equal(2))
expect "fails: a request ended twice"
