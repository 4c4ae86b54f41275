-- An answer comes over a connection that was given up, and overwrites a newer one.
--
-- The reader gives up after 5 ms, connects anew and asks again; the race makes the late answer meet
-- the newer one. Fails in one run of thirteen; without the race in one of 170.
local document  = module "net_session_bug"
local publisher = node("publisher", document.publisher_main, { daemon = true })
local reader    = node("reader", document.cache_main)
link(reader, publisher, { latency = { "1ms", "6ms" } })
link(publisher, reader, { latency = { "1ms", "14ms" }, one_way = true })

race(message { from = publisher, to = reader }.arrives, mark(reader, "answered"))

expect "fails: version 1 overwrote version 2"
