/* Campaigns: what was run, how far it came, and what it counted.
 *
 *   campaign_begin ─► campaign_beat, about once a second ─► campaign_end
 *        ▲                    └── killed here: the last beat stands
 *   campaign_resume ◄── next time, same command line
 *
 * Memory:      the caller's; what a visitor is given is valid during its call.
 * Limits:      CAMPAIGN_ARGV_SIZE, CAMPAIGN_REASON_SIZE.
 * Units:       seconds since 1970; virtual time in microseconds.
 * Errors:      enum status and store_error. What failed was not counted: give it again.
 * Threads:     the store's. A visitor may read the store, but not write to it.
 */
#ifndef CORPUS_CAMPAIGN_H
#define CORPUS_CAMPAIGN_H

#include "corpus/reach.h"
#include "corpus/store.h"

#define CAMPAIGN_ARGV_SIZE 4096
#define CAMPAIGN_REASON_SIZE 64
#define CAMPAIGN_REASON_STOPPED "stopped" /* early, state saved: may be resumed */
#define CAMPAIGN_STALE_S 60               /* without a beat for so long, it was killed */

struct campaign {
    struct hash id;                /* random; set by campaign_begin and campaign_resume */
    char argv[CAMPAIGN_ARGV_SIZE]; /* the command line, as text */
    uint64_t base_seed;
    uint32_t shard; /* 0 … shard_count - 1 */
    uint32_t shard_count;
    char strategy[CASE_STRATEGY_SIZE];
    uint64_t budget_runs; /* 0 = no limit */
    uint64_t budget_s;    /* 0 = no limit */
    int64_t started_at;
    int64_t beat_at;
    int64_t ended_at;                       /* 0 = it runs, or was killed */
    char stop_reason[CAMPAIGN_REASON_SIZE]; /* "" while ended_at is 0 */
    uint64_t next_index;                    /* all runs before this one are done */
};

/* What a scenario says must happen sometimes, and in how many runs since the last beat it did. */
struct campaign_sometimes {
    const char *sentence; /* borrowed */
    uint64_t runs;
};

/* Since the last beat, for one scenario; in campaign_each, since the beginning and for all. */
struct campaign_counters {
    char scenario[CASE_NAME_SIZE];
    struct hash scenario_hash;
    uint64_t runs;
    uint64_t findings;       /* runs that ended with a finding */
    uint64_t cases;          /* findings stored as new cases */
    uint64_t nondeterminism; /* runs that did not repeat */
    uint64_t steps;
    uint64_t time_us; /* virtual */
    uint32_t sometimes_count;
    const struct campaign_sometimes *sometimes; /* borrowed; unused in campaign_each */
    const struct reach *reach; /* how far its search came, borrowed, NULL = not told; likewise */
};

/* False to stop. */
typedef bool campaign_visitor(void *context,
                              const struct campaign *campaign,
                              const struct campaign_counters *totals);

/* Stores a new campaign and gives it an id. started_at is now. */
MUST_USE enum status campaign_begin(struct store *store, struct campaign *campaign);

/* Goes on with the latest campaign of the same argv, shard and shard_count that was stopped or
 * killed: fills in its id, base_seed, started_at and next_index. started_at is now when called.
 * STATUS_MISSING, and nothing changed, when there is none. */
MUST_USE enum status campaign_resume(struct store *store, struct campaign *campaign);

/* Records beat_at and next_index, and adds the counters, in one commit. */
MUST_USE enum status campaign_beat(struct store *store,
                                   const struct campaign *campaign,
                                   const struct campaign_counters *counters,
                                   size_t count);

/* Records ended_at and stop_reason, and beat_at and next_index once more. */
MUST_USE enum status campaign_end(struct store *store, const struct campaign *campaign);

/* Calls visit for each campaign, in order of started_at, then id. */
MUST_USE enum status campaign_each(struct store *store, campaign_visitor *visit, void *context);

#endif
