-- A worker is cut off by a partition, and the coordinator waits for its result without a deadline.
--
-- A partition says nothing, not even that a connection ended. The four jobs are mostly done when it
-- comes; the order has a worker send its result shortly before. Fails in one run of two; without the
-- order in one of sixty.
local work        = module "net_session_bug"
local coordinator = node("coordinator", work.coordinator_main)
local first       = node("worker-1", work.worker_main, { daemon = true })
local second      = node("worker-2", work.worker_main)
link("any", "any", { latency = { "1ms", "3ms" } })
partition(coordinator, first, { at = "26ms" })

order(at "24ms", call(first, "send"))

finally("every job is done", counter("done"):equal(4))
expect "fails: deadlock"
