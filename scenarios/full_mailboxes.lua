-- Two actors fill each other's mailbox, and read while they wait for room.
-- The twin of full_mailboxes_bug.
local mail = node("mail", module("races_queue").mail_main)

race(mark(mail, "composes", { nth = 1 }), mark(mail, "composes", { nth = 2 }))

finally("every letter arrives", counter("received"):equal(10))
expect "passes"
