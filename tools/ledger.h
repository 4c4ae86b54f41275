/* A campaign's row in the corpus: what was asked, how far it came; what a stopped one goes on from.
 *
 *   ledger_open ─► ledger_beat, about once a second ─► ledger_close
 *
 * Memory:      the caller's.
 * Errors:      an exit code of tools/exit.h, after a sentence on stderr. A beat that fails is told
 *              once, and what it held is in the next one.
 */
#ifndef TOOLS_LEDGER_H
#define TOOLS_LEDGER_H

#include "corpus/campaign.h"
#include "tools/hunt.h"

struct ledger {
    struct campaign campaign;
    struct board_scenario counted[OPTIONS_OPERANDS_MAX]; /* what the corpus has */
    struct hash scenario_hashes[OPTIONS_OPERANDS_MAX];
    struct hash builds[OPTIONS_OPERANDS_MAX];               /* of what runs them */
    char names[OPTIONS_OPERANDS_MAX][CASE_NAME_SIZE];       /* of the scenarios, in the corpus */
    uint64_t held[OPTIONS_OPERANDS_MAX][VACUITY_MARKS_MAX]; /* likewise */
    bool complained;
};

/* Begins a campaign, or goes on with the one of the same command line that was stopped; sets
 * hunt->campaign, stored, seed, firsts and ends.
 *
 * Without --seed a search begins where the one before of the same scenario, build, strategy and
 * shard ended, so that no run is done twice; with one it begins with run 0. */
int ledger_open(struct ledger *ledger, struct hunt *hunt);

void ledger_beat(struct ledger *ledger, const struct hunt *hunt, uint32_t lanes);

/* stopped: before its budget was used up. */
int ledger_close(struct ledger *ledger, const struct hunt *hunt, uint32_t lanes, bool stopped);

/* The runs of the campaign, earlier days included, in which the sentence of the index-th scenario
 * held. After ledger_close. */
int ledger_held(struct ledger *ledger,
                const struct hunt *hunt,
                unsigned index,
                const char *sentence,
                uint64_t *runs);

#endif
