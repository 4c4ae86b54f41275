-- An answer comes over a connection that was given up, and is not stored.
-- The twin of stale_reconnect_bug: only the connection that is in use stores what it brings.
local document  = module "net_session"
local publisher = node("publisher", document.publisher_main, { daemon = true })
local reader    = node("reader", document.cache_main)
link(reader, publisher, { latency = { "1ms", "6ms" } })
link(publisher, reader, { latency = { "1ms", "14ms" }, one_way = true })

race(message { from = publisher, to = reader }.arrives, mark(reader, "answered"))

expect "passes"
