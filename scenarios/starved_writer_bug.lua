-- Two readers take turns so that one always reads, and the writer waits on.
--
-- The planted bug lets readers in while a writer waits. The orders keep each reader in until the
-- other one is in too, a few times; when the writer comes is left to the seed. Fails in three runs
-- of five; without the orders in one of two hundred and twenty.
local db = node("db", module("races_locks_bug").readers_main)

for n = 1, 4 do
    order(mark(db, "right begins", { nth = n }), mark(db, "left ends", { nth = n }))
    order(mark(db, "left begins", { nth = n + 1 }), mark(db, "right ends", { nth = n }))
end

eventually("the writer gets in", counter("written"):at_least(1), { within = "15ms" })
expect "fails: the writer gets in"
