-- A connection is closed, its number is reused, and who was about to send there sends to the next.
--
-- Main closes after the first heartbeat; the order keeps the second until the next connection is
-- there. Fails in one run of two; without the order in one of forty.
local main = node("main", module("net_descriptor_bug").heartbeat_main)

order(mark(main, "next is open"), call(main, "send", { nth = 2 }))

finally("it ends", counter("ended"):equal(1))
expect "fails: a heartbeat of one connection"
