-- A clock is set forward, and who was heard of just now seems to have been silent for an hour.
--
-- A watcher gives up who sent no life sign for 200 ms; one comes every 10 ms. The planted bug
-- measures them with the wall clock, which is set at some time between two signs; it shows when the
-- watcher looks before the next sign is there. Fails in one run of five; without the jump never.
local clock = module "net_clock_bug"
local watch = node("watch", clock.watch_main)
local beat  = node("beat", clock.beat_main)
link(beat, watch, { latency = { "1ms", "15ms" } })

jump(watch, { when = message { from = beat, to = watch, nth = 7 }.arrives, by = "1h" })

always("who lives is not given up", counter("given up"):equal(0))
expect "fails: who lives is not given up"
