-- A clock is set back between two writes, and no stamp is below the one before it.
-- The twin of older_than_before_bug.
local stamp  = module "net_clock"
local store  = node("store", stamp.store_main)
local writer = node("writer", stamp.writer_main)
link(writer, store, { latency = { "1ms", "2ms" } })

jump(writer, { when = call(writer, "send", { nth = 6 }), by = "-30ms" })

finally("the last write is kept", counter("kept"):equal(8))
expect "passes"
