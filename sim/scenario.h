/* What a scenario module is written with.
 *
 *   #include <sim/scenario.h>
 *
 *   SIM_SCENARIO(scenario)                       declares the world, once per worker
 *   {
 *       sim_node(scenario, "server", "server_main", NULL);
 *       sim_always(scenario, "one winner", "wins", sim_at_most(1));
 *   }
 *   int server_main(int argc, char **argv)       a node's program: ordinary code
 *   {
 *       SIM_MARK("ready");
 *       sim_count("wins", 1);
 *   }
 *
 * A module is a shared object built with the CMake function sim_add_scenario(). Its programs call
 * POSIX, pthreads and C11 as they do in production. Each node has its own copy of all globals.
 *
 * Memory:      strings are copied.
 * Limits:      names up to 31 characters, programs up to 63, sentences up to 95.
 * Units:       nanoseconds; use SIM_US(), SIM_MS(), SIM_S().
 * Errors:      a wrong declaration makes `sim` refuse the scenario with a sentence that says why.
 * Threads:     declarations: none. The rest: any simulated thread; without effect outside a run.
 * Determinism: marks, counts and histories are events of the trace.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include <stddef.h> /* NULL, which ends arguments */
#include <stdint.h>

#ifdef __cplusplus
#define SIM_C extern "C" /* scenarios may be written in C++ */
extern "C" {
#else
#define SIM_C
#endif

#define SIM_US(n) ((uint64_t)(n)*UINT64_C(1000))
#define SIM_MS(n) ((uint64_t)(n)*UINT64_C(1000000))
#define SIM_S(n) ((uint64_t)(n)*UINT64_C(1000000000))
#define SIM_FOREVER UINT64_MAX
#define SIM_ANY 0u /* any node */

/* ---- declaring a world ---- */

struct sim_world; /* what is being declared */

/* The function that declares the module's world. */
#define SIM_SCENARIO(world)                                                                        \
    SIM_C void sim_scenario(struct sim_world *world);                                              \
    void sim_scenario(struct sim_world *world)

/* A node that runs `program`, a function int program(int argc, char **argv) of this module.
 * argv[0] is the node's name; `arguments` ends with NULL and may be NULL. Addresses are 10.0.0.1,
 * 10.0.0.2 … in order. Returns its index, 0 when refused. */
uint32_t sim_node(struct sim_world *world,
                  const char *name,
                  const char *program,
                  const char *const *arguments);

/* The run may end while this node still runs (a server). */
void sim_node_daemon(struct sim_world *world, uint32_t node);

/* What the clocks of a node are, where they are not right. Each range is least and most, and left
 * to the seed where these differ; alternative 0 is none.
 *
 * Drift: all its clocks run (1,000,000 + ppm) / 1,000,000 as fast as the run, so that a sleep of 1
 * s ends earlier on a fast node; up to half as fast or half as fast again. Offset: of the wall
 * clock alone. Tick: its clocks show multiples of it, and no timer is finer; up to a second. */
void sim_clock_drift(struct sim_world *world, uint32_t node, int32_t ppm_min, int32_t ppm_max);
void sim_clock_offset(struct sim_world *world, uint32_t node, int64_t min_ns, int64_t max_ns);
void sim_clock_tick(struct sim_world *world, uint32_t node, uint64_t tick_ns);

/* The latency of messages between two nodes, both ways; SIM_ANY stands for every node. Each
 * message draws its own. Later declarations override earlier ones. */
void sim_link(struct sim_world *world,
              uint32_t from,
              uint32_t to,
              uint64_t latency_min_ns,
              uint64_t latency_max_ns);

/* The same for messages that `from` sends to `to` alone; those that come back have their own. */
void sim_link_one_way(struct sim_world *world,
                      uint32_t from,
                      uint32_t to,
                      uint64_t latency_min_ns,
                      uint64_t latency_max_ns);

/* Of the link declared last: how likely datagrams are lost or doubled; bytes per second. */
void sim_link_loss(struct sim_world *world, uint32_t loss_ppm, uint32_t duplicate_ppm);
void sim_link_bandwidth(struct sim_world *world, uint64_t bytes_per_second);

/* Of the link declared last, which has a bandwidth: a datagram that finds more bytes than this
 * waiting for it is lost. What a stream sends waits. */
void sim_link_queue(struct sim_world *world, uint64_t bytes);

/* Of the link declared last: one more row of a table of latencies, in order of the least ones. A
 * message takes each as often as its weight says of the sum of all, and then any time in it; the
 * latency that the link was declared with is replaced by the first row. At most 8 rows. */
void sim_link_latency(struct sim_world *world,
                      uint32_t weight,
                      uint64_t least_ns,
                      uint64_t greatest_ns);

/* No message passes between two nodes from at_ns until until_ns (SIM_FOREVER: never again). */
void sim_partition(struct sim_world *world,
                   uint32_t from,
                   uint32_t to,
                   uint64_t at_ns,
                   uint64_t until_ns);

/* The same for messages that `from` sends to `to` alone: `from` hears and is not heard. */
void sim_partition_one_way(struct sim_world *world,
                           uint32_t from,
                           uint32_t to,
                           uint64_t at_ns,
                           uint64_t until_ns);

/* Messages between two nodes stand still from at_ns until until_ns, and arrive then: none is lost.
 * Connections have patience, as over any slow link. */
void sim_clog(struct sim_world *world,
              uint32_t from,
              uint32_t to,
              uint64_t at_ns,
              uint64_t until_ns);
void sim_clog_one_way(struct sim_world *world,
                      uint32_t from,
                      uint32_t to,
                      uint64_t at_ns,
                      uint64_t until_ns);

/* Whoever connects to a node from at_ns until until_ns is refused (ECONNREFUSED), though its
 * program listens. Connections that there are stay. */
void sim_refuse_connects(struct sim_world *world, uint32_t node, uint64_t at_ns, uint64_t until_ns);

/* Every connection between two nodes is reset at this time. */
void sim_reset(struct sim_world *world, uint32_t from, uint32_t to, uint64_t at_ns);

/* The wall clock of a node is set at this time: forward by so much, or back. */
void sim_jump(struct sim_world *world, uint32_t node, uint64_t at_ns, int64_t by_ns);

/* What is left of the files that a node has changed when it crashes. */
enum sim_files {
    SIM_FILES_KEPT,   /* everything */
    SIM_FILES_SYNCED, /* what was synchronised: fsync(), O_SYNC … */
    SIM_FILES_TORN,   /* that, and of what was not any beginning, as the seed says */
};

/* The node loses its power at this time: its threads stop between two points, no handler and no
 * destructor runs, and no peer is told. It starts again so much later (SIM_FOREVER: it does not),
 * its program from main() in a process of its own, with its files and its clock. Its counters go
 * on, and its operations that have not returned are unknown. Nothing happens to a node that has
 * exited. The run does not wait for a node that stays away. */
void sim_crash(struct sim_world *world,
               uint32_t node,
               uint64_t at_ns,
               uint64_t restart_ns,
               enum sim_files files);

/* The node's threads stand still for so long, while time goes on, messages arrive and timers are
 * due: it is frozen, as a virtual machine is. */
void sim_pause(struct sim_world *world, uint32_t node, uint64_t at_ns, uint64_t lasts_ns);

/* The fault that was declared last: the seed says whether it comes, and when between the time that
 * was said and this one. What is left to the seed so, or to a chance of calls, is on or off by
 * classes (all crashes, all calls that fail …) in each run; what is said outright always comes. */
void sim_fault_until(struct sim_world *world, uint64_t at_max_ns);

/* The fault that was declared last ends so long after it began, whatever was said before; the seed
 * says how long between the two. A node that crashed starts again. */
void sim_fault_lasts(struct sim_world *world, uint64_t least_ns, uint64_t greatest_ns);

/* Which of a node's calls a fault strikes: each with a chance (parts per million), the n-th that it
 * could strike, from 1, or the first after a time, or after an occasion (sim_fault_on). One of
 * these; the others are 0. */
struct sim_strikes {
    uint32_t chance_ppm, nth;
    uint64_t at_ns;
};

/* A call has no effect and gives an error that it can give on Linux: ("read", "EINTR"). The names
 * are those of the plain calls (read, write, recv, send, accept, connect, open, malloc …) and stand
 * for their kin, too (readv, calloc). An error that only some descriptors give strikes calls on
 * these alone: EAGAIN those that do not wait, EINTR those that do, EIO and ENOSPC files. */
void sim_call_fails(struct sim_world *world,
                    uint32_t node,
                    const char *call,
                    const char *error,
                    struct sim_strikes strikes);

/* A read, write, recv or send of a stream moves less than it was asked to, as it does when a signal
 * comes, or a segment, or the disk is full. */
void sim_call_short(struct sim_world *world,
                    uint32_t node,
                    const char *call,
                    struct sim_strikes strikes);

/* What getaddrinfo() of a node takes to answer; nothing when this is not said. */
void sim_lookup(struct sim_world *world, uint32_t node, uint64_t min_ns, uint64_t max_ns);

/* The run ends with a finding beyond these. Defaults: a day, 200 million points. */
void sim_limit_time(struct sim_world *world, uint64_t time_ns);
void sim_limit_points(struct sim_world *world, uint64_t points);

/* What all nodes may have allocated at a time; the default is 4 GiB. Beyond it malloc() and the
 * like return NULL, as they do in production: what the program makes of that is judged, not that it
 * came there. */
void sim_limit_heap(struct sim_world *world, uint64_t bytes);

/* Stack of every thread; the default is 256 KiB. */
void sim_stack(struct sim_world *world, uint32_t bytes);

/* What is a point: every hooked call, as by default; and every atomic operation and fence; and
 * every load and store. The latter are of modules that are built with INSTRUMENT
 * (sim_add_scenario). A search may ask for another one: sim fuzz --points. */
enum sim_points { SIM_CALLS = 1, SIM_ATOMICS, SIM_ACCESSES };
void sim_points(struct sim_world *world, enum sim_points points);

/* Below the calls a data race is a finding: two accesses of different threads to the same bytes,
 * one of them a write, not both atomic, that nothing orders. In this scenario it is none, unless
 * a search asks: sim fuzz --races on. */
void sim_ignore_races(struct sim_world *world);

/* What is left when main returns or somebody calls exit(0); after _exit() and the like, or another
 * status, nobody looks. A thread that was neither joined nor detached, ended or not, is a finding
 * unless leaks are allowed. A descriptor that the program opened and did not close is one only
 * where leaks are forbidden, since sound programs leave that to the kernel. */
void sim_allow_leaks(struct sim_world *world);
void sim_forbid_leaks(struct sim_world *world);

/* What a counter must be, summed over all nodes or at one; or how often an occasion must come. */
struct sim_bound {
    int comparison;
    int64_t value;
    uint32_t node, occasion, before;
};

struct sim_bound sim_equal(int64_t value);
struct sim_bound sim_at_most(int64_t value);
struct sim_bound sim_at_least(int64_t value);
struct sim_bound sim_at(uint32_t node, struct sim_bound bound);

/* Of an occasion (below), where the counter is NULL: how often it came, and that it came before
 * another one, or without it. */
struct sim_bound sim_times(uint32_t occasion, struct sim_bound bound);
struct sim_bound sim_before(uint32_t occasion, uint32_t other);

/* Holds from the start and after every sim_count() of this counter. */
void sim_always(struct sim_world *world,
                const char *sentence,
                const char *counter,
                struct sim_bound bound);

/* Holds at some time, not later than within_ns after the start (0: before the run ends). */
void sim_eventually(struct sim_world *world,
                    const char *sentence,
                    const char *counter,
                    struct sim_bound bound,
                    uint64_t within_ns);

/* The `eventually` that was declared last is about what comes after an occasion, and its time
 * begins then; a run in which that never comes is not judged by it. */
void sim_after(struct sim_world *world, uint32_t occasion);

/* Holds when the run ends. */
void sim_finally(struct sim_world *world,
                 const char *sentence,
                 const char *counter,
                 struct sim_bound bound);

/* Holds at some time in at least one run of a campaign, so that the interesting thing is known to
 * be reached: a campaign in which it never did ends with exit code 11. One run that it does not
 * hold in is as good as any. It may not hold from the start. */
void sim_sometimes(struct sim_world *world,
                   const char *sentence,
                   const char *counter,
                   struct sim_bound bound);

/* ---- what may come before what ----
 *
 *   uint32_t reply = sim_on_message(world, server, client, 1);
 *   uint32_t timeout = sim_on_mark(world, client, "rpc.timeout", 1);
 *   sim_race(world, reply, timeout);
 *
 * What is not said stays open to the seed. Whoever comes too early is held before it happens, while
 * the others and time go on; when nothing else can run, the constraint that held first is broken
 * for the rest of the run. A campaign in which one of the occasions of a constraint never came ends
 * with exit code 11. */

#define SIM_EACH 0u

/* Occasions: the n-th time that it happens, from 1, or each time. SIM_ANY stands for every node.
 * The calls are named by the words of `sim trace`. Return a number for the functions below. */
uint32_t sim_on_mark(struct sim_world *world, uint32_t node, const char *name, uint32_t nth);
uint32_t sim_on_call(struct sim_world *world, uint32_t node, const char *call, uint32_t nth);
uint32_t sim_on_timer(struct sim_world *world, uint32_t node, uint32_t nth); /* expires */

/* A call of a node has taken effect, as `sim trace` shows. It cannot be held. */
uint32_t sim_on_return(struct sim_world *world, uint32_t node, const char *call, uint32_t nth);

/* A thread is about to set a timer, or to wait until a time at the latest. It cannot be held. */
uint32_t sim_on_armed(struct sim_world *world, uint32_t node, uint32_t nth);

/* A message: a datagram, or the bytes that one send gave to a stream; what finds no room is another
 * one. It arrives: counted as they do; of one that arrives in two parts, as happens on any network,
 * the first. A thread stands before its send: counted as they are sent, those too that get lost. A
 * thread stands before the read that takes its first byte: counted as they are read, so that of one
 * stream the n-th is the n-th of each. */
uint32_t sim_on_message(struct sim_world *world, uint32_t from, uint32_t to, uint32_t nth);
uint32_t sim_on_sent(struct sim_world *world, uint32_t from, uint32_t to, uint32_t nth);
uint32_t sim_on_read(struct sim_world *world, uint32_t from, uint32_t to, uint32_t nth);
uint32_t sim_on_time(struct sim_world *world, uint64_t at_ns);

/* A node's program has ended; a node has crashed; a node's program begins, for the first time and
 * after a crash. These cannot be held. */
uint32_t sim_on_exit(struct sim_world *world, uint32_t node);
uint32_t sim_on_crash(struct sim_world *world, uint32_t node, uint32_t nth);
uint32_t sim_on_start(struct sim_world *world, uint32_t node, uint32_t nth);

/* A counter, summed over all nodes or at one, comes to be what the bound says, for the first time:
 * whoever is about to count that stands before it. Not later than within_ns after the run began, if
 * that is not 0; then nobody waits for it any more. It may not hold from the start. */
uint32_t
sim_when(struct sim_world *world, const char *counter, struct sim_bound bound, uint64_t within_ns);

/* A thread of a node begins, is about to wait, goes on after a wait, is about to end. */
enum sim_thread_instant { SIM_STARTS, SIM_BLOCKS, SIM_WAKES, SIM_ENDS };
uint32_t sim_on_thread(struct sim_world *world,
                       uint32_t node,
                       enum sim_thread_instant instant,
                       uint32_t nth);

/* The fault that was declared last, with time 0, begins each time that this occasion comes. A
 * partition heals lasts_ns later (0: as was declared), or when the other occasion comes (0: none);
 * so a node starts again. Of what takes time the first may be 0: at the time that was said. A
 * reset is a moment later, for what comes may go on first; a crash and a pause are at once. */
void sim_fault_on(struct sim_world *world, uint32_t occasion, uint64_t lasts_ns, uint32_t heals_on);

/* The last phase of a run: from this occasion on no fault begins and those in force end: nodes that
 * are away start again, those that stand still go on, and links lose and duplicate nothing. Then
 * progress can be asked for: sim_eventually, sim_after. Where not all nodes come to rest, `core`
 * is a list of those that do, which 0 ends; what names another node goes on. NULL: all. */
void sim_calm(struct sim_world *world, uint32_t occasion, const uint32_t *core);

/* Constraints return a number for sim_maybe and sim_one_of. The n-th of each occasion comes not
 * before the n-th of the one before it. */
uint32_t sim_order(struct sim_world *world, const uint32_t *occasions, uint32_t count);

/* No `occasion` before the first `until`. */
uint32_t sim_hold(struct sim_world *world, uint32_t occasion, uint32_t until);

/* Between a `from` and the `until` that follows it there is no `occasion`. */
uint32_t
sim_never_between(struct sim_world *world, uint32_t from, uint32_t until, uint32_t occasion);

/* Whoever comes first waits for the other; a choice picks, and they happen one after the other. */
uint32_t sim_race(struct sim_world *world, uint32_t a, uint32_t b);

/* In force in n of `of` runs; one of several in each run. */
void sim_maybe(struct sim_world *world, uint32_t constraint, uint32_t n, uint32_t of);
void sim_one_of(struct sim_world *world, const uint32_t *constraints, uint32_t count);

/* What an object does when its operations come one after the other. Each key is an object of its
 * own: a map is its entries, and so may registers, queues and locks be numbered. */
enum sim_model {
    SIM_REGISTER = 1, /* one value, 0 at first: read, write, compare and set */
    SIM_MAP,          /* nothing at first: get, put, delete, compare and set */
    SIM_QUEUE,        /* empty at first: push, pop; first in, first out */
    SIM_LOCK,         /* free at first: acquire, try to acquire, release */
};

/* What the programs of all nodes do to this object (sim_invoke) looks as if there were one copy of
 * it and each operation took place at one moment between its begin and its return. Judged when the
 * run ends without another finding. */
void sim_linearizable(struct sim_world *world,
                      const char *sentence,
                      const char *object,
                      enum sim_model model);

/* ---- for programs ---- */

/* A named place: an event of the trace, and progress. */
void sim_mark(const char *name);
#define SIM_MARK(name) sim_mark(name)

/* Adds to a counter of this node; returns the node's new value. */
int64_t sim_count(const char *counter, int64_t delta);

/* Ends the run with a finding; formatted like printf. Does not return; outside a run it ends the
 * process. */
void sim_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Histories of the objects that sim_linearizable() declares.
 *
 *   sim_invoke("kv", SIM_WRITE, key, 7);
 *   const bool answered = write_to_the_server(key, 7);
 *   sim_return(answered ? SIM_DONE : SIM_UNKNOWN, 0);
 */
enum sim_operation {
    SIM_READ = 1,        /* DONE: the value read */
    SIM_WRITE,           /* the value to write */
    SIM_COMPARE_AND_SET, /* by sim_invoke_compare; REFUSED: another value, or none, was there */
    SIM_GET,             /* DONE: the value; REFUSED: there was none */
    SIM_PUT,             /* the value to put */
    SIM_DELETE,          /* REFUSED: there was nothing */
    SIM_PUSH,            /* the value to push */
    SIM_POP,             /* DONE: the value; REFUSED: the queue was empty */
    SIM_ACQUIRE,         /* the owner, a number */
    SIM_TRY_ACQUIRE,     /* the owner; REFUSED: the lock was held */
    SIM_RELEASE,         /* the owner; REFUSED: it was not held by this one */
};

enum sim_outcome {
    SIM_DONE = 1, /* it took effect */
    SIM_REFUSED,  /* it took place, and the object said no, as above */
    SIM_FAILED,   /* it did not take place and never will: it says nothing */
    SIM_UNKNOWN,  /* no answer: it may take place at any later time, or never */
};

/* An operation of this thread begins; it has one at a time. One that has not returned when its
 * thread, its node or the run ends counts as unknown. */
void sim_invoke(const char *object, enum sim_operation operation, int64_t key, int64_t value);
void sim_invoke_compare(const char *object, int64_t key, int64_t expected, int64_t value);

/* It has returned. */
void sim_return(enum sim_outcome outcome, int64_t result);

/* ---- for programs that are interpreters ----
 *
 * What is shown of an event is the line of C that made it. A program that runs another one may say
 * instead where that is. Nothing of it is an event, and it decides nothing. */

struct sim_place {
    const char *file; /* copied, as the other names are */
    uint32_t line;
    uint32_t task; /* which of the node's tasks, from 1 in order of creation; 0 = there are none */
    const char *name; /* the task's, NULL = it has none */
    const char *call; /* what a task waits in, NULL = unknown */
};

/* These functions read what the program has in its memory, and call nothing that is simulated. */
struct sim_interpreter {
    void *context;
    /* Where the running thread is, whatever it is about to do; 0: in C alone. */
    int (*here)(void *context, struct sim_place *place);
    /* The index-th task, from 0, that has not ended, after a deadlock; on any thread. 0: there are
     * no more. NULL: there are no tasks. */
    int (*task)(void *context, uint32_t index, struct sim_place *place);
};

/* The calling node's program is one from here on; NULL: no longer. */
void sim_interpret(const struct sim_interpreter *interpreter);

#ifdef __cplusplus
}
#endif

#endif
