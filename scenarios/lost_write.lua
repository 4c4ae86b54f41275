-- A write is confirmed when the backup has it; then the primary may be cut off.
-- The twin of lost_write_bug.
local kv      = module "net_store"
local primary = node("primary", kv.primary_main, { daemon = true })
local backup  = node("backup", kv.backup_main, { daemon = true })
local writer  = node("writer", kv.writer_main)
link("any", "any", { latency = { "1ms", "3ms" } })
link(primary, backup, { latency = { "500us", "2ms" } })
partition(primary, "any", { at = "20ms" })

order(at "18100us", call(primary, "send", { nth = 3 }))
race(message { from = primary, to = backup, nth = 2 }.arrives, at "20ms")

sometimes("the primary is cut off", counter("failovers"):at_least(1))
expect "passes"
