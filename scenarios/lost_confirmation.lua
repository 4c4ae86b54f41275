-- A value is confirmed when it is on the disk; then the keeper may lose its power.
-- The twin of lost_confirmation_bug.
local journal = module "net_journal"
local keeper  = node("keeper", journal.keeper_main, { daemon = true })
local writer  = node("writer", journal.writer_main)
link("any", "any", { latency = { "300us", "1ms" } })

crash(keeper, { when = message { from = keeper, to = writer, nth = 3 }.arrives, restart = "2ms", files = "synced" })

always("what was confirmed is there", counter("lost"):equal(0))
finally("each value is confirmed", counter("confirmed"):equal(4))
expect "passes"
