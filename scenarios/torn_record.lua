-- A write is short, and the rest of the record follows.
-- The twin of torn_record_bug.
local error   = module "net_error"
local archive = node("archive", error.archive_main)
local writer  = node("writer", error.writer_main)
link(archive, writer, { latency = { "1ms", "2ms" } })

short(writer, { call = "write", chance = "1%" })

finally("each record is archived", counter("archived"):equal(20))
expect "passes"
