-- A slot is handed to a waiter whose deadline has just come: it looks again, and has it.
-- The twin of missed_handover_bug.
local pool = node("pool", module("races_timer").slot_main)

race(timer(pool, { nth = 2 }).expires, mark(pool, "hands on"))

expect "passes"
