-- A connection is closed when nobody is about to send there; then its number may be reused.
-- The twin of reused_descriptor_bug: a mutex covers the look and the send.
local main = node("main", module("net_descriptor").heartbeat_main)

order(mark(main, "next is open"), call(main, "send", { nth = 2 }))

finally("it ends", counter("ended"):equal(1))
expect "passes"
