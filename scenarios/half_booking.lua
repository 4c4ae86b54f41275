-- A record of a journal that is not whole is none: the journal ends before it.
-- The twin of half_booking_bug.
local journal = module "net_journal"
local bank    = node("bank", journal.bank_main)

crash(bank, { when = call(bank, "control", { nth = 6 }), restart = "2ms", files = "torn" })

always("no money is missing", counter("missing"):equal(0))
finally("all is booked", counter("closed"):equal(1))
expect "passes"
