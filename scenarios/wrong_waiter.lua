-- A freed page wakes all who wait, since they wait for different numbers of pages.
-- The twin of wrong_waiter_bug.
local pool = node("pool", module("races_queue").pages_main)

order(mark(pool, "wants two pages"), mark(pool, "wants a page"), mark(pool, "frees a page"))

finally("both get their pages", counter("served"):equal(2))
expect "passes"
