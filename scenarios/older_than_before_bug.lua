-- A clock is set back between two writes, and the later one has the lower stamp.
--
-- A store keeps the write with the highest stamp. The planted bug stamps writes with the time of day;
-- its clock is set back by 30 ms once the sixth has been sent. Fails in every run; without the jump never.
local stamp  = module "net_clock_bug"
local store  = node("store", stamp.store_main)
local writer = node("writer", stamp.writer_main)
link(writer, store, { latency = { "1ms", "2ms" } })

jump(writer, { when = call(writer, "send", { nth = 6 }), by = "-30ms" })

finally("the last write is kept", counter("kept"):equal(8))
expect "fails: the last write is kept"
