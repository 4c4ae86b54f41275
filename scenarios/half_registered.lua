-- A partition swallows the HELLO of a member, which says it again.
-- The twin of half_registered_bug: who was not welcomed is not registered.
local news     = module "net_session"
local registry = node("registry", news.registry_main, { daemon = true })
local member   = node("member", news.member_main)
link(member, registry, { latency = { "1ms", "3ms" } })
partition(member, registry, { at = "8ms", heal = "20ms" })
reset(member, registry, { at = "12ms" })

order(at "3ms", call(member, "connect"))

finally("the member has the news", counter("informed"):equal(1))
expect "passes"
