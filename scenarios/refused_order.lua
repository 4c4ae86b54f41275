-- A connection is shut down before the look of a sender or after its send.
-- The twin of refused_order_bug: a mutex covers both.
local shop     = module "net_descriptor"
local relay    = node("relay", shop.relay_main)
local customer = node("customer", shop.customer_main)
link(relay, customer, { latency = { "1ms", "3ms" } })

order(call(relay, "shutdown"), call(relay, "send", { nth = 3 }))

expect "passes"
