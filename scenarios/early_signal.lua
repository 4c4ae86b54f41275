-- A signal comes before the wait, and the flag was set under the mutex: it is seen.
-- The twin of early_signal_bug.
local main = node("main", module("lost_wakeup").program)

order(call(main, "signal"), call(main, "wait"))

finally("the item is consumed", counter("consumed"):equal(1))
expect "passes"
