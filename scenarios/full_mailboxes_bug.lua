-- Two actors fill each other's mailbox, and wait for room without reading.
--
-- Each sends five letters; a mailbox holds three. The race makes both begin together; who reads
-- what before they write is left to the seed. Fails in two runs of five; without the race in one
-- of forty.
local mail = node("mail", module("races_queue_bug").mail_main)

race(mark(mail, "composes", { nth = 1 }), mark(mail, "composes", { nth = 2 }))

finally("every letter arrives", counter("received"):equal(10))
expect "fails: deadlock"
