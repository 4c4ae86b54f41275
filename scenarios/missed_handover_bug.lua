-- A slot is handed to a waiter whose deadline has just come: it leaves, and the next one waits on.
--
-- The planted bug does not look again after its deadline. The race makes the deadline, the second
-- timer of the run, and the holder meet; who gets the mutex then is left to the seed. Fails in one
-- run of three; without the race in one of nine hundred.
local pool = node("pool", module("races_timer_bug").slot_main)

race(timer(pool, { nth = 2 }).expires, mark(pool, "hands on"))

expect "fails: deadlock"
