-- Two workers finish one job, and both complete it.
--
-- Each looks whether it is done without the lock, and takes the lock then. The race makes both come
-- there together; who looks before the other one has written is left to the seed. Fails in one run
-- of nine; without the race in one of a hundred and forty.
local pool = node("pool", module("races_locks_bug").hedge_main)

race(mark(pool, "finishes", { nth = 1 }), mark(pool, "finishes", { nth = 2 }))

always("a job is completed once", counter("completions"):at_most(1))
expect "fails: a job is completed once"
