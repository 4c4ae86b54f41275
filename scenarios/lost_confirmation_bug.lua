-- A value is confirmed before it is on the disk, and the keeper loses its power.
--
-- The crash comes when the second confirmation arrives, before the keeper has found time to synchronise
-- its journal; started again, it does not know the value.
local journal = module "net_journal_bug"
local keeper  = node("keeper", journal.keeper_main, { daemon = true })
local writer  = node("writer", journal.writer_main)
link("any", "any", { latency = { "300us", "1ms" } })

crash(keeper, { when = message { from = keeper, to = writer, nth = 3 }.arrives, restart = "2ms", files = "synced" })

always("what was confirmed is there", counter("lost"):equal(0))
finally("each value is confirmed", counter("confirmed"):equal(4))
expect "fails: what was confirmed is there"
