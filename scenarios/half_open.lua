-- A worker is cut off by a partition, and after a deadline another one gets its job.
-- The twin of half_open_bug: it waits 20 ms for a result.
local work        = module "net_session"
local coordinator = node("coordinator", work.coordinator_main)
local first       = node("worker-1", work.worker_main, { daemon = true })
local second      = node("worker-2", work.worker_main)
link("any", "any", { latency = { "1ms", "3ms" } })
partition(coordinator, first, { at = "26ms" })

order(at "24ms", call(first, "send"))

finally("every job is done", counter("done"):equal(4))
expect "passes"
