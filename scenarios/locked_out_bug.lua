-- Nobody can be let in for a moment, and who knocked then is never heard.
--
-- Three guests come. The planted bug waits for the next edge after accept() found no descriptor free;
-- a guest in the queue makes none any more, and unless another one comes later he waits for ever. Each
-- accept fails with EMFILE in one of twenty. Fails in one run of twenty; without it never.
local error = module "net_error_bug"
local door  = node("door", error.door_main)
for i = 1, 3 do
    node("guest " .. i, error.guest_main)
end
link("any", "any", { latency = { "1ms", "20ms" } })

fail(door, { call = "accept", error = "EMFILE", chance = "5%" })

finally("each guest is welcomed", counter("welcomed"):equal(3))
expect "fails: nothing can run"
