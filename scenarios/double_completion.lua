-- Two workers finish one job together, and look under its lock whether it is done.
-- The twin of double_completion_bug.
local pool = node("pool", module("races_locks").hedge_main)

race(mark(pool, "finishes", { nth = 1 }), mark(pool, "finishes", { nth = 2 }))

always("a job is completed once", counter("completions"):at_most(1))
expect "passes"
