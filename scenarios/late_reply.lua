-- A reply comes just after the timeout of its request, and is dropped.
-- The twin of late_reply_bug: it knows replies by their number.
local rpc    = module "rpc_timeout"
local server = node("server", rpc.server_main)
local client = node("client", rpc.client_main)
link(client, server, { latency = { "1ms", "5ms" } })

race(message { from = server, to = client }.arrives, mark(client, "timeout"))

finally("every request ends", counter("completed"):equal(4))
expect "passes"
