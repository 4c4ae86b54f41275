-- Who spins for a lock long enough waits for it in the kernel, whatever became of its holder.
-- The twin of impatient_spin_bug.
local shop = node("shop", module("races_locks").spin_main)

order(mark(shop, "spins", { nth = 20 }), mark(shop, "leaves"))

expect "passes"
