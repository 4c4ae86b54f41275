-- A reply comes just after the timeout of its request, and is taken for the next one's.
--
-- A client asks four times over one connection and gives up on each request after 9 ms; the planted
-- bug takes whatever arrives next for the answer. The race makes the first reply and the end of its
-- timeout meet. Fails in one run of two; without the race in one of eight.
local rpc    = module "rpc_timeout_bug"
local server = node("server", rpc.server_main)
local client = node("client", rpc.client_main)
link(client, server, { latency = { "1ms", "5ms" } })

race(message { from = server, to = client }.arrives, mark(client, "timeout"))

finally("every request ends", counter("completed"):equal(4))
expect "fails: a request got the answer to another one"
