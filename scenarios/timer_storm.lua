-- A ticker waits for a lock longer than a period, and counts on from the tick that was late.
-- The twin of timer_storm_bug.
local board = node("board", module("races_timer").ticks_main)

hold(mark(board, "has written"), { until_ = at "21ms" })

finally("it goes on ticking", counter("ticks"):equal(5))
expect "passes"
