-- A queue is closed between the look whether it is open and the push: the job is never done.
--
-- The hold keeps the second job, which found the queue open, from being pushed until the consumer
-- has left. Fails in two runs of three, for it may be closed before; without the hold in one of
-- thirty-three.
local jobs = node("jobs", module("races_queue_bug").close_main)

hold(mark(jobs, "pushes", { nth = 2 }), { until_ = mark(jobs, "leaves") })

expect "fails: a job was accepted and never done"
