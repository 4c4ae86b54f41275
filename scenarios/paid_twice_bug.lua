-- A request whose answer is late is sent again, and executed twice.
--
-- The payer waits 9 ms for its answer. The order has the first request arrive when half of that has
-- passed. Fails in one run of ten; without the order in one of ninety.
local bank    = module "net_store_bug"
local account = node("account", bank.account_main, { daemon = true })
local payer   = node("payer", bank.payer_main)
link(account, payer, { latency = { "1ms", "4800us" } })

order(at "4600us", message { from = payer, to = account }.arrives)

always("a payment is made once", counter("payments"):at_most(2))
finally("every payment is made", counter("payments"):at_least(2))
expect "fails: a payment is made once"
