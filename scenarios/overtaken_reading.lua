-- A datagram overtakes a newer one, and what is older is dropped.
-- The twin of overtaken_reading_bug: what it shows has a number.
local meter   = module "net_store"
local sensor  = node("sensor", meter.sensor_main)
local display = node("display", meter.display_main)
link(sensor, display, { latency = { "1ms", "5ms" } })

local third  = message { from = sensor, to = display, nth = 3 }
local fourth = message { from = sensor, to = display, nth = 4 }
hold(third.arrives, { until_ = fourth.arrives })

expect "passes"
