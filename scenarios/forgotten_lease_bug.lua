-- A lessor that starts again has forgotten whom it has granted the lease, and two nodes lead.
--
-- It loses its power when its first answer to the first tenant arrives; that one leads if it was granted.
local journal = module "net_journal_bug"
local lessor  = node("lessor", journal.lessor_main, { daemon = true })
local first   = node("first", journal.tenant_main, { "0" })
local second  = node("second", journal.tenant_main, { "1" })
link("any", "any", { latency = { "1ms", "2ms" } })

crash(lessor, { when = message { from = lessor, to = first }.arrives, restart = "1ms", files = "synced" })

always("at most one leads", counter("leaders"):at_most(1))
finally("each has led", counter("has led"):equal(2))
expect "fails: at most one leads"
