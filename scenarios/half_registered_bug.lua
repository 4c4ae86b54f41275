-- A partition swallows the HELLO of a member, which believes that it is registered.
--
-- When it comes back after the reset it only listens. The order lets it connect not before 3 ms, so
-- that its HELLO is often under way when the partition begins. Fails in one run of five; without
-- the order in one of thirty.
local news     = module "net_session_bug"
local registry = node("registry", news.registry_main, { daemon = true })
local member   = node("member", news.member_main)
link(member, registry, { latency = { "1ms", "3ms" } })
partition(member, registry, { at = "8ms", heal = "20ms" })
reset(member, registry, { at = "12ms" })

order(at "3ms", call(member, "connect"))

finally("the member has the news", counter("informed"):equal(1))
expect "fails: a member listens"
