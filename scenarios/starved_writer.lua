-- Two readers take turns so that one always reads; none begins once the writer waits.
-- The twin of starved_writer_bug.
local db = node("db", module("races_locks").readers_main)

for n = 1, 4 do
    order(mark(db, "right begins", { nth = n }), mark(db, "left ends", { nth = n }))
    order(mark(db, "left begins", { nth = n + 1 }), mark(db, "right ends", { nth = n }))
end

eventually("the writer gets in", counter("written"):at_least(1), { within = "15ms" })
expect "passes"
