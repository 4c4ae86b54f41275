-- A write is confirmed before the backup has it, and the primary is cut off in between.
--
-- The race makes the second copy meet the beginning of the partition. Fails in three runs of four;
-- without the race in one of sixty-five.
local kv      = module "net_store_bug"
local primary = node("primary", kv.primary_main, { daemon = true })
local backup  = node("backup", kv.backup_main, { daemon = true })
local writer  = node("writer", kv.writer_main)
link("any", "any", { latency = { "1ms", "3ms" } })
link(primary, backup, { latency = { "500us", "2ms" } })
partition(primary, "any", { at = "20ms" })

race(message { from = primary, to = backup, nth = 2 }.arrives, at "20ms")

sometimes("the primary is cut off", counter("failovers"):at_least(1))
expect "fails: write"
