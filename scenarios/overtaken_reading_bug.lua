-- A datagram overtakes a newer one, and what is older is shown last.
--
-- The hold keeps the third reading until the fourth is there, if that comes in time. Fails in one run
-- of five; without the hold in one of thirty-five.
local meter   = module "net_store_bug"
local sensor  = node("sensor", meter.sensor_main)
local display = node("display", meter.display_main)
link(sensor, display, { latency = { "1ms", "5ms" } })

local third  = message { from = sensor, to = display, nth = 3 }
local fourth = message { from = sensor, to = display, nth = 4 }
hold(third.arrives, { until_ = fourth.arrives })

expect "fails: reading"
