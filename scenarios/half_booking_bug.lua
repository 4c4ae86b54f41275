-- The last record of a journal is half on the disk when the power is lost, and is taken for a whole one.
--
-- The crash comes before the fourth synchronisation takes effect, the third one of a booking: the seed says
-- how many sectors of that one are there.
local journal = module "net_journal_bug"
local bank    = node("bank", journal.bank_main)

crash(bank, { when = call(bank, "control", { nth = 6 }), restart = "2ms", files = "torn" })

always("no money is missing", counter("missing"):equal(0))
finally("all is booked", counter("closed"):equal(1))
expect "fails: no money is missing"
