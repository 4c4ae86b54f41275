-- A clock is set forward, and who was heard of just now is known to live all the same.
-- The twin of dead_by_the_clock_bug.
local clock = module "net_clock"
local watch = node("watch", clock.watch_main)
local beat  = node("beat", clock.beat_main)
link(beat, watch, { latency = { "1ms", "15ms" } })

jump(watch, { when = message { from = beat, to = watch, nth = 7 }.arrives, by = "1h" })

always("who lives is not given up", counter("given up"):equal(0))
expect "passes"
