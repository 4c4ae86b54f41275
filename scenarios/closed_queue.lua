-- A queue is closed between the look whether it is open and the push, which is refused.
-- The twin of closed_queue_bug.
local jobs = node("jobs", module("races_queue").close_main)

hold(mark(jobs, "pushes", { nth = 2 }), { until_ = mark(jobs, "leaves") })

expect "passes"
