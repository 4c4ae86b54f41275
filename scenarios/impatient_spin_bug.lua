-- Who spins for a lock takes its holder for dead, who was only put aside.
--
-- The planted bug gives up after 20 yields and goes in. The order keeps the holder inside until the
-- other one has spun so often. Fails in two runs of five, for the other one may find the lock free;
-- without the order in none of forty thousand.
local shop = node("shop", module("races_locks_bug").spin_main)

order(mark(shop, "spins", { nth = 20 }), mark(shop, "leaves"))

expect "fails: two threads are where one may be"
