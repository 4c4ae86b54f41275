-- A write is short, and the next record begins where the rest of this one should be.
--
-- Twenty records of 64 bytes. The planted bug takes a write that returns for a whole one; one of a
-- hundred moves less, as it does when a buffer is nearly full. Fails in one run of seven; without it
-- in none of 100,000.
local error   = module "net_error_bug"
local archive = node("archive", error.archive_main)
local writer  = node("writer", error.writer_main)
link(archive, writer, { latency = { "1ms", "2ms" } })

short(writer, { call = "write", chance = "1%" })

finally("each record is archived", counter("archived"):equal(20))
expect "fails: a record is torn"
