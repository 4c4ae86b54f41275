-- A write is confirmed before the backup has it, and the primary is cut off in between.
--
-- The order has the primary send its second copy shortly before the partition, and the race makes the
-- two meet. Fails in one run of four; without them in one of seventy.
local kv      = module "net_store_bug"
local primary = node("primary", kv.primary_main, { daemon = true })
local backup  = node("backup", kv.backup_main, { daemon = true })
local writer  = node("writer", kv.writer_main)
link("any", "any", { latency = { "1ms", "3ms" } })
link(primary, backup, { latency = { "500us", "2ms" } })
partition(primary, "any", { at = "20ms" })

order(at "18100us", call(primary, "send", { nth = 3 }))
race(message { from = primary, to = backup, nth = 2 }.arrives, at "20ms")

sometimes("the primary is cut off", counter("failovers"):at_least(1))
expect "fails: write"
