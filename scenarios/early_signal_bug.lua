-- A signal falls between the look at the flag and the wait: nobody hears it.
--
-- The producer sets the flag without the mutex. The order says that its signal comes before the
-- consumer waits; whether the consumer has looked by then is left to the seed. Fails in one run of
-- four; without the order in one of twenty-six.
local main = node("main", module("lost_wakeup_bug").program)

order(call(main, "signal"), call(main, "wait"))

finally("the item is consumed", counter("consumed"):equal(1))
expect "fails: deadlock"
