-- A worker gives up waiting for an answer, and its permit is lost.
--
-- The next worker waits for it for ever. The race makes the answer and the deadline of the first
-- question, the second timer of the run, meet. Fails in one run of three; without the race in one
-- of seventy-three.
local shop = node("shop", module("races_timer_bug").permit_main)

race(timer(shop, { nth = 2 }).expires, mark(shop, "answers"))

sometimes("a worker gives up", counter("given up"):at_least(1))
expect "fails: deadlock"
