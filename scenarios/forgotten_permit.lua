-- A worker gives up waiting for an answer, and gives its permit back.
-- The twin of forgotten_permit_bug.
local shop = node("shop", module("races_timer").permit_main)

race(timer(shop, { nth = 2 }).expires, mark(shop, "answers"))

sometimes("a worker gives up", counter("given up"):at_least(1))
expect "passes"
