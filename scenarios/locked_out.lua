-- Nobody can be let in for a moment, and who knocked meanwhile is let in after it.
-- The twin of locked_out_bug.
local error = module "net_error"
local door  = node("door", error.door_main)
for i = 1, 3 do
    node("guest " .. i, error.guest_main)
end
link("any", "any", { latency = { "1ms", "20ms" } })

fail(door, { call = "accept", error = "EMFILE", chance = "5%" })

finally("each guest is welcomed", counter("welcomed"):equal(3))
expect "passes"
