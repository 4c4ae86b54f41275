-- A freed page wakes one waiter, who wants two; the one whom it would do sleeps on.
--
-- The planted bug signals once for each page. The order says that both ask before it is freed; who
-- waits first is left to the seed. Fails in one run of two; without the order in one of
-- ninety-three.
local pool = node("pool", module("races_queue_bug").pages_main)

order(mark(pool, "wants two pages"), mark(pool, "wants a page"), mark(pool, "frees a page"))

finally("both get their pages", counter("served"):equal(2))
expect "fails: deadlock"
