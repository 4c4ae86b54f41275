-- A ticker waits for a lock longer than a period, and makes up for its ticks all at once.
--
-- The hold lets the one that writes go on 21 ms after the start, when two ticks are due, unless it
-- began after the first. Fails in three runs of four; without the hold in one of a hundred and
-- twenty.
local board = node("board", module("races_timer_bug").ticks_main)

hold(mark(board, "has written"), { until_ = at "21ms" })

finally("it goes on ticking", counter("ticks"):equal(5))
expect "fails: two ticks at once"
