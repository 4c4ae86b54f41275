-- A request whose answer is late is sent again, and answered from memory.
-- The twin of paid_twice_bug: it knows payments by their number.
local bank    = module "net_store"
local account = node("account", bank.account_main, { daemon = true })
local payer   = node("payer", bank.payer_main)
link(account, payer, { latency = { "1ms", "4800us" } })

order(at "4600us", message { from = payer, to = account }.arrives)

always("a payment is made once", counter("payments"):at_most(2))
finally("every payment is made", counter("payments"):at_least(2))
expect "passes"
