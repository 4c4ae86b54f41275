---@meta sim
-- What a scenario file sees beside Lua's own library, without os, io, debug and load.

---@alias Time string|integer "5ms" (ns, us, ms, s, min, h), or nanoseconds
---@alias Bytes string|integer "64KB" (B, KB, MB, GB: powers of 1024), or bytes
---@alias Part string|integer "1%" or "250ppm", or parts per million
---@alias SignedTime string|integer "10s", "-10s", or nanoseconds
---@alias SignedPart string|integer "40ppm", "-40ppm", or parts per million
---@alias AnyNode Node|"any"|string A node, any one, or the name of one that was declared before.

---@class Module A C module; its members are its programs.
---@field [string] Program

---@class Program A function int program(int argc, char **argv).

---@alias Function fun(...: string) What a node runs as its first task; see the end of this file.

---@class Node A machine of its own: programs of two nodes share nothing but the network.
---@field exits Occasion Its program has ended; it cannot be held. A crash is no exit.
---@field crashes Occasion It crashes for the first time; it cannot be held.
---@field starts Occasion Its program begins for the first time; it cannot be held.
local Node = {}

---What the node's programs count by sim_count().
---@param name string
---@return Counter
function Node:counter(name) end

---@class Counter
local Counter = {}

---@param value integer
---@return Bound
function Counter:at_most(value) end

---@param value integer
---@return Bound
function Counter:at_least(value) end

---@param value integer
---@return Bound
function Counter:equal(value) end

---@class Bound What a counter must be, or how often an occasion must come.

---@alias Claim Bound|Occasion The occasion alone: it comes at least once.

---@class Occasion An instant that can be named before it happens; how often it comes can be bounded.
local Occasion = {}

---@param value integer
---@return Bound
function Occasion:at_most(value) end

---@param value integer
---@return Bound
function Occasion:at_least(value) end

---@param value integer
---@return Bound
function Occasion:equal(value) end

---@class Message A datagram, or what one send gave to a stream.
---@field arrives Occasion It reaches its socket; when it comes in two parts, the first one.
---@field sent Occasion Who sends it stands before that. What gets lost is counted, too.
---@field read Occasion Who reads it stands before the read that takes its first byte.

---@class Timer
---@field expires Occasion A timer, or the deadline of a wait, comes. Of a node that runs a function, write
---task(node, "name").wakes: the executor has one timer for all its tasks.
---@field armed Occasion A thread is about to set one; it cannot be held: hold its call.

---@class Call: Occasion It is about to take effect.
---@field enters Occasion The same.
---@field returns Occasion It has taken effect; this cannot be held.

---@class Thread
---@field starts Occasion It begins.
---@field blocks Occasion It is about to wait.
---@field wakes Occasion It goes on after a wait.
---@field ends Occasion It is about to end.

---@class NamedTask A task of a function that a node runs, by the name that `spawn` gave it.
---@field starts Occasion It begins.
---@field blocks Occasion It comes to a wait, which may be over at once; this cannot be held.
---@field wakes Occasion It goes on after a wait.
---@field ends Occasion It is about to end.

---@class Life
---@field starts Occasion The node's program begins: the second one after the first restart.
---@field crashes Occasion The node crashes.

---@class Constraint What may come before what; all else stays open to the seed.

---@class Which
---@field nth? integer The n-th that fits, from 1, which is what is meant when nothing is said.
---@field each? true Each that fits.

-- ---- the world ----

---A module: NAME.so beside this file, else the scenario of this name.
---@param name string
---@return Module
function module(name) end

---@class Clock Where a node's clocks are not right. A pair, or "±40ppm", is left to the seed.
---@field drift? SignedPart|SignedPart[] They run so much faster, or slower.
---@field offset? SignedTime|SignedTime[] The wall clock is so far ahead, or behind.
---@field tick? Time They show multiples of it, and no timer is finer.

---A node and what it runs. The list in options are the program's arguments. The run ends with the last
---node that is no daemon, and what is on its way then is not delivered. Addresses are 10.0.0.1, 10.0.0.2 and so on. The tasks of a function run on the node's
---first thread, or on so many `workers`, which take turns.
---@param name string
---@param program Program|Function
---@param options? { daemon?: boolean, workers?: integer, clock?: Clock, [integer]: string|integer }
---@return Node
function node(name, program, options) end

---What messages between two nodes meet; later links override earlier ones. A latency is a time, the
---least and the greatest, or rows of both with the part of the messages that take them. Loss and
---duplication are of datagrams; bandwidth is bytes per second; a datagram that finds more than `queue`
---waiting for it is lost.
---@param from AnyNode
---@param to AnyNode
---@param options? { latency?: Time|Time[]|(Part|Time)[][], loss?: Part, duplicate?: Part, bandwidth?: Bytes, queue?: Bytes, one_way?: boolean }
function link(from, to, options) end

---No message passes between two nodes, from `at` (the start), or each time that the occasion `when`
---comes, or `between` two times, if at all, as the seed says; until `heal` (never), a time or an occasion, or
---as long as it `lasts`: a time, or any of two that the seed takes.
---@param from AnyNode
---@param to AnyNode
---@param options? { at?: Time, when?: Occasion, between?: Time[], heal?: Time|Occasion, lasts?: Time|Time[], one_way?: boolean }
function partition(from, to, options) end

---Messages between two nodes stand still, and arrive when it ends: none is lost, not even a datagram.
---@param from AnyNode
---@param to AnyNode
---@param options? { at?: Time, when?: Occasion, between?: Time[], heal?: Time|Occasion, lasts?: Time|Time[], one_way?: boolean }
function clog(from, to, options) end

---Whoever connects to the node is refused, though its program listens; the connections that there are stay.
---@param where AnyNode
---@param options? { at?: Time, when?: Occasion, between?: Time[], heal?: Time|Occasion, lasts?: Time|Time[] }
function refuse(where, options) end

---Every connection between two nodes is reset at this time, or each time after the occasion `when`.
---@param from AnyNode
---@param to AnyNode
---@param options? { at?: Time, when?: Occasion, between?: Time[] }
function reset(from, to, options) end

---A node's wall clock is set forward or back, at this time, or each time after the occasion `when`.
---@param where AnyNode
---@param options { by: SignedTime, at?: Time, when?: Occasion, between?: Time[] }
function jump(where, options) end

---The node loses its power: its threads stop between two points, no handler runs and no peer is told.
---`at` a time, each time `when` an occasion comes, or `between` two times, if at all, as the seed says.
---Its program begins again so long after the crash, or on an occasion; else never, and the run does not wait
---for it. Its files are "kept", what was not "synced" is lost, or a beginning of it may be left: "torn".
---@param node Node
---@param options { at?: Time, when?: Occasion, between?: Time[], restart?: Time|Time[]|Occasion, files?: "kept"|"synced"|"torn" }
function crash(node, options) end

---The node's threads stand still as long as it `lasts`, while time goes on and messages arrive.
---@param node Node
---@param options { at?: Time, when?: Occasion, between?: Time[], lasts: Time|Time[] }
function pause(node, options) end

---The last phase of a run: from a time or an occasion on no fault begins, and those in force end: nodes
---that are away start again, and links lose nothing. Of these nodes alone when they are said; a fault
---that names another one goes on. Returns the occasion, for `eventually(…, { after = … })`.
---@param from Time|Occasion
---@param core? Node[]
---@return Occasion
function calm(from, core) end

---Calls of a node's programs fail: each with a chance, the n-th that could, or the first one after a
---time or, each time, after an occasion. An error that the call does not give on Linux is refused; one
---that only some descriptors give (EAGAIN: those that do not wait) strikes calls on these alone.
---@param where AnyNode
---@param options { call: string, error: string, chance?: Part, nth?: integer, at?: Time, when?: Occasion, between?: Time[] }
function fail(where, options) end

---A read, write, recv or send of a stream moves less than it was asked to.
---@param where AnyNode
---@param options { call: "read"|"write"|"recv"|"send", chance?: Part, nth?: integer, at?: Time, when?: Occasion, between?: Time[] }
function short(where, options) end

---getaddrinfo() takes its time, and may fail with an error like "EAI_AGAIN".
---@param where AnyNode
---@param options { latency?: Time|Time[], fails?: string, chance?: Part, nth?: integer, at?: Time, when?: Occasion, between?: Time[] }
function lookup(where, options) end

---A run that goes beyond these ends with a finding; beyond the heap, malloc() returns NULL.
---@param options { time?: Time, points?: integer, heap?: Bytes, stack?: Bytes }
function limit(options) end

---Threads and descriptors that are left at the end: a finding or not.
---@param how "allowed"|"forbidden"
function leaks(how) end

---What is a point: every hooked call, as by default; also every atomic operation and fence; also every
---load and store. The latter are of modules that are built with INSTRUMENT.
---@param which "calls"|"atomics"|"accesses"
function points(which) end

---Below the calls a data race is a finding; in this scenario it is none, unless `sim fuzz --races on` asks.
---@param how "ignored"
function races(how) end

---What `sim fuzz` is to find: "passes", or "fails: " and a part of the first line that it says. For tests
---of scenarios: `sim check --json` tells it, and a search does not look at it.
---@param outcome string
function expect(outcome) end

-- ---- occasions ----

---A program comes to a mark: SIM_MARK("name"). In a task, with the name alone: the task comes to it. Who is
---held there keeps its thread: no other task of a node that runs a function goes on, unless it has `workers`.
---@overload fun(name: string)
---@param where AnyNode
---@param name string
---@param which? Which
---@return Occasion
function mark(where, name, which) end

---A call is about to take effect, by the words of `sim trace`: "lock", "send" and so on; or it returns.
---@param where AnyNode
---@param name string
---@param which? Which
---@return Call
function call(where, name, which) end

---A time of the run comes.
---@param time Time
---@return Occasion
function at(time) end

---A counter comes to be what is said, for the first time: who is about to count that stands before it.
---Not later than `within` after the start; then nobody waits for it any more.
---@param bound Bound Of a counter; it may not hold from the start.
---@param options? { within?: Time }
---@return Occasion
function when(bound, options) end

---A datagram, or bytes of a stream.
---@param options { from?: AnyNode, to?: AnyNode, nth?: integer, each?: true }
---@return Message
function message(options) end

---@param where AnyNode
---@param which? Which
---@return Timer
function timer(where, which) end

---The first start or crash of a node, or another one: life(server, { nth = 2 }).starts.
---@param where AnyNode
---@param which? Which
---@return Life
function life(where, which) end

---@param where AnyNode
---@param which? Which
---@return Thread
function thread(where, which) end

---Who is held keeps its thread, so that no other task of it goes on.
---@param where AnyNode
---@param name string
---@param which? Which
---@return NamedTask
function task(where, name, which) end

-- ---- constraints ----

---The n-th of each comes not before the n-th of the one before it.
---@param ... Occasion
---@return Constraint
function order(...) end

---Not before the first `until_`.
---@param what Occasion
---@param options { until_: Occasion }
---@return Constraint
function hold(what, options) end

---Between a `from` and the `to` that follows it there is no `what`.
---@param from Occasion
---@param to Occasion
---@param what Occasion
---@return Constraint
function never_between(from, to, what) end

---Whoever comes first waits for the other; a choice picks, and they happen one after the other.
---@param a Occasion
---@param b Occasion
---@return Constraint
function race(a, b) end

---In force in n of m runs.
---@param n integer
---@param m integer
---@param constraint Constraint
---@return Constraint
function maybe(n, m, constraint) end

---One of them is in force in each run.
---@param constraints Constraint[]
function one_of(constraints) end

-- ---- what must hold ----

---What the programs of all nodes count by sim_count().
---@param name string
---@return Counter
function counter(name) end

---From the start and after every change.
---@param sentence string
---@param claim Claim
function always(sentence, claim) end

---This must not happen.
---@param sentence string
---@param occasion Occasion
function never(sentence, occasion) end

---The first comes before the other, or without it.
---@param first Occasion
---@param other Occasion
---@return Bound
function before(first, other) end

---At some time, not later than `within` after the start, or at some time after an occasion and not
---later than `within` after it; a run in which that never comes is not judged by it.
---@param sentence string
---@param claim Claim
---@param options? { within?: Time, after?: Occasion }
function eventually(sentence, claim, options) end

---When the run ends.
---@param sentence string
---@param claim Claim
function finally(sentence, claim) end

---In at least one run of a campaign, which else ends with exit code 11.
---@param sentence string
---@param claim Claim
function sometimes(sentence, claim) end

---The history that the programs give of an object (sim_invoke) looks as if there were one copy of it.
---@param sentence string
---@param object string
---@param model "register"|"map"|"queue"|"lock"
function linearizable(sentence, object, model) end

-- ---- in the function that a node runs ----
--
-- Each node reads the file once more, for itself: upvalues are the node's own. What waits gives way to
-- other tasks; nothing else does, unless the node has `workers`. A cancel is the error "canceled" where
-- a task waits; what goes wrong otherwise, and nobody catches, is a finding.

---@class Task
local Task = {}

---Waits for its end: what its function returned; nil, "canceled" when a cancel ended it.
---@async
---@return any ...
function Task:join() end

---Where it waits, or will wait next, "canceled" is raised, once.
function Task:cancel() end

---@return boolean
function Task:done() end

---A new task, with a name or without. The node ends when all its tasks have.
---@overload fun(f: function, ...: any): Task
---@param name string
---@param f function
---@param ... any
---@return Task
function spawn(name, f, ...) end

---Lets the other tasks that are ready go first.
---@async
function yield() end

---@async
---@param time Time
function sleep(time) end

---The thread computes so long: no other task of it goes on.
---@param time Time
function busy(time) end

---Nanoseconds of the node's clock.
---@return integer
function now() end

---Cancels what the function waits for when the time is over: nil, "timeout". Else what it returns.
---@async
---@param time Time
---@param f function
---@param ... any
---@return any ...
function timeout(time, f, ...) end

---Runs all at one time; the others are canceled when the first has returned, and what they had received
---by then is lost. Of several that are ready, the first in the list wins. Its number, and what it
---returned.
---@async
---@param ... function
---@return integer, any ...
function first(...) end

---Adds to a counter, one if nothing is said; the node's new value.
---@param name string
---@param delta? integer
---@return integer
function count(name, delta) end

---@class Mutex It belongs to nobody: what one task locked another may unlock.
local Mutex = {}
---@async
function Mutex:lock() end
---@return boolean
function Mutex:try_lock() end
function Mutex:unlock() end

---@return Mutex
function mutex() end

---@class Semaphore Who waits is served in order.
local Semaphore = {}
---@async
---@param permits? integer
function Semaphore:acquire(permits) end
---@param permits? integer
---@return boolean
function Semaphore:try_acquire(permits) end
---@param permits? integer
function Semaphore:release(permits) end

---@param permits integer
---@return Semaphore
function semaphore(permits) end

---@class Notify A notice when nobody waits is kept for who waits next; one, not more.
local Notify = {}
---@async
function Notify:wait() end
function Notify:one() end
function Notify:all() end

---@return Notify
function notify() end

---@class Channel Many send, one receives.
local Channel = {}
---@async
---@param value any
---@return true|nil, "closed"?
function Channel:send(value) end
---@async
---@return any, "closed"?
function Channel:receive() end
---What is inside can still be received.
function Channel:close() end
---@return integer
function Channel:count() end

---@param capacity? integer 1 if nothing is said
---@return Channel
function channel(capacity) end

---@class Connection A stream; one task at a time reads, and one writes.
local Connection = {}
---Sends a line.
---@async
---@param line string
---@return true|nil, string?
function Connection:send(line) end
---The next line; nil and "closed", "reset" and so on.
---@async
---@return string|nil, string?
function Connection:receive() end
---@async
---@param bytes string
---@return true|nil, string?
function Connection:write(bytes) end
---What has arrived, so many bytes at most, which may be a part of what was written.
---@async
---@param most? integer
---@return string|nil, string?
function Connection:read(most) end
function Connection:close() end

---@class Listener
local Listener = {}
---@async
---@return Connection|nil, string?
function Listener:accept() end
function Listener:close() end

---@param port integer
---@return Listener|nil, string?
function listen(port) end

---Does not wait until somebody listens there: nil and why when nobody does.
---@async
---@param where Node|string A node, or its name
---@param port integer
---@return Connection|nil, string?
function connect(where, port) end
