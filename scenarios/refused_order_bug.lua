-- A connection is shut down between the look of a sender and its send, which is refused.
--
-- The third order comes about when the shutdown does; the order of the two keeps its send until then.
-- Fails in one run of two; without it in one of 45,000.
local shop     = module "net_descriptor_bug"
local relay    = node("relay", shop.relay_main)
local customer = node("customer", shop.customer_main)
link(relay, customer, { latency = { "1ms", "3ms" } })

order(call(relay, "shutdown"), call(relay, "send", { nth = 3 }))

expect "fails: an order was passed on to nobody"
