-- A request comes while another one loads what both want, and waits for it.
-- The twin of cache_stampede_bug.
local shop = node("shop", module("races_locks").cache_main)

order(mark(shop, "asks", { nth = 2 }), mark(shop, "has loaded"))

always("it is loaded once", counter("loads"):at_most(1))
expect "passes"
