#include "tools/sequence.h"

#include <string.h>

#include "sim/point.h"

#define ABSENT UINT32_MAX
#define THOUSAND 1000
#define NS_PER_US 1000
#define RUNS_MAX 64
#define OF_ONE_MAX 3 /* pairs with the same second step */

static bool same(const struct occasion *a, const struct occasion *b) {
    const bool is_call = a->instant == OCCASION_CALL; /* a thread's instants tell theirs, too */
    return a->instant == b->instant && a->node == b->node && a->peer == b->peer &&
           (!is_call || a->call == b->call) && strncmp(a->name, b->name, OCCASION_NAME_SIZE) == 0;
}

/* Its timers are those of what runs it, and have no name. */
static bool is_of_function(const struct record *record, uint32_t node) {
    return record->description.nodes[node].module == 0;
}

static bool is_wanted(const struct record *record, const struct occasion *fact, bool has_calls) {
    switch ((enum occasion_instant)fact->instant) {
    case OCCASION_MARK:
    case OCCASION_STARTS:
    case OCCASION_ENDS:
    case OCCASION_ARRIVES:
    case OCCASION_SENT:
    case OCCASION_READ:
        return fact->node != 0;
    case OCCASION_EXPIRES:
        return fact->node != 0 && !is_of_function(record, fact->node);
    case OCCASION_CALL:
        return fact->node != 0 && has_calls && point_is_call(fact->call);
    case OCCASION_WAKES:
        return fact->node != 0 && (has_calls || fact->name[0] != '\0');
    case OCCASION_BLOCKS:
    case OCCASION_TIME:
    case OCCASION_EXITS:
    case OCCASION_CRASHES:
    case OCCASION_BEGINS:
    case OCCASION_ARMED:
    case OCCASION_RETURNS:
    case OCCASION_HOLDS:
    case OCCASION_INSTANT_COUNT:
        break;
    }
    return false;
}

void sequence_read(struct sequence *sequence, const struct record *record, bool has_calls) {
    sequence->count = 0;
    for (uint32_t i = 0; i < record->fact_count; i++) {
        if (!is_wanted(record, &record->facts[i], has_calls)) {
            continue;
        }
        struct occasion *step = &sequence->steps[sequence->count];
        *step = record->facts[i];
        step->nth = 1;
        step->earliest_ns = step->latest_ns = 0;
        for (uint32_t before = sequence->count; before > 0; before--) {
            if (same(&sequence->steps[before - 1], step)) {
                step->nth = sequence->steps[before - 1].nth + 1;
                break;
            }
        }
        sequence->count++;
    }
}

/* Where the steps of one sequence are in another. */
static void locate(const struct sequence *of, const struct sequence *in, uint32_t *places) {
    for (uint32_t i = 0; i < of->count; i++) {
        uint32_t at = 0;
        while (at < in->count &&
               (in->steps[at].nth != of->steps[i].nth || !same(&in->steps[at], &of->steps[i]))) {
            at++;
        }
        places[i] = at < in->count ? at : ABSENT;
    }
}

static bool has(const struct sequence *sequence, const struct occasion *step) {
    uint32_t at = 0;
    while (at < sequence->count &&
           (sequence->steps[at].nth != step->nth || !same(&sequence->steps[at], step))) {
        at++;
    }
    return at < sequence->count;
}

static bool is_better(const struct sequence_pair *a, const struct sequence_pair *b) {
    return a->score > b->score || (a->score == b->score && a->distance < b->distance);
}

/* Keeps the best ones in order; of those with the same second step only few, since they say much
 * the same. */
static uint32_t keep(struct sequence_pair *pairs,
                     uint32_t count,
                     uint32_t pairs_max,
                     const struct sequence_pair *pair) {
    uint32_t alike = 0;
    uint32_t worst = count;
    for (uint32_t i = 0; i < count; i++) {
        const bool is_alike =
            same(&pairs[i].second, &pair->second) && pairs[i].second.nth == pair->second.nth;
        alike += is_alike;
        worst = is_alike ? i : worst;
    }
    const uint32_t out = alike >= OF_ONE_MAX ? worst : count < pairs_max ? count : count - 1;
    if (out < count && !is_better(pair, &pairs[out])) {
        return count;
    }
    uint32_t at = out;
    for (; at > 0 && is_better(pair, &pairs[at - 1]); at--) {
        pairs[at] = pairs[at - 1];
    }
    pairs[at] = *pair;
    return out == count ? count + 1 : count;
}

/* What most of the runs that passed have and the one that failed has not. */
static void append_missing(struct sequence *failing,
                           const struct sequence *sequences,
                           uint32_t count,
                           uint32_t passed) {
    static uint32_t places[SEQUENCE_STEPS_MAX];
    for (uint32_t k = 1; k < count; k++) {
        const struct sequence *from = &sequences[k];
        if (from->failed) {
            continue;
        }
        locate(from, failing, places);
        for (uint32_t i = 0; i < from->count && failing->count < SEQUENCE_STEPS_MAX; i++) {
            uint32_t runs = 0;
            for (uint32_t other = k; other < count && places[i] == ABSENT; other++) {
                runs += !sequences[other].failed && has(&sequences[other], &from->steps[i]);
            }
            if (runs * 2 > passed) {
                failing->steps[failing->count++] = from->steps[i];
            }
        }
    }
}

/* What is asked of another run: whether two steps came in an order, or one not before a time. */
struct question {
    uint32_t first, second;
    bool is_time; /* `first` stands for the time at which `second` came */
};

static bool differs(const struct question *question,
                    const struct sequence *failing,
                    const struct sequence *other,
                    const uint32_t *places) {
    const uint32_t first = places[question->first];
    const uint32_t second = places[question->second];
    if (second == ABSENT) {
        return false;
    }
    return question->is_time ? other->steps[second].at_ns < failing->steps[question->second].at_ns
                             : first == ABSENT || first > second;
}

/* Where the steps of the failing sequence are in each other one. */
static uint32_t places_in[RUNS_MAX][SEQUENCE_STEPS_MAX];

/* In thousandths: of how many runs that passed it does not hold, and twice that of those that
 * failed, where it should. */
static int64_t
score_of(const struct question *question, const struct sequence *sequences, uint32_t count) {
    int64_t runs[2] = {0};
    int64_t against[2] = {0};
    for (uint32_t k = 1; k < count; k++) {
        runs[sequences[k].failed]++;
        against[sequences[k].failed] +=
            differs(question, &sequences[0], &sequences[k], places_in[k]);
    }
    return (runs[0] == 0 ? 0 : against[0] * THOUSAND / runs[0]) -
           (runs[1] == 0 ? 0 : against[1] * 2 * THOUSAND / runs[1]);
}

/* A time as a file says it, not later. */
static struct occasion time_of(const struct occasion *step) {
    return (struct occasion){.instant = OCCASION_TIME,
                             .nth = 1,
                             .at_ns = step->at_ns - step->at_ns % NS_PER_US};
}

uint32_t sequence_pairs(struct sequence *sequences,
                        uint32_t count,
                        struct sequence_pair *pairs,
                        uint32_t pairs_max) {
    struct sequence *const failing = &sequences[0];
    const uint32_t came = failing->count;
    uint32_t passed = 0;
    uint32_t found = 0;
    count = count < RUNS_MAX ? count : RUNS_MAX;
    for (uint32_t k = 1; k < count; k++) {
        passed += !sequences[k].failed;
    }
    append_missing(failing, sequences, count, passed);
    for (uint32_t k = 1; k < count; k++) {
        locate(failing, &sequences[k], places_in[k]);
    }
    for (uint32_t second = 0; second < failing->count; second++) {
        const bool is_late = failing->steps[second].instant == OCCASION_ARRIVES && second < came &&
                             failing->steps[second].at_ns >= NS_PER_US;
        const uint32_t firsts = second < came ? second : came;
        for (uint32_t first = 0; first < firsts + is_late; first++) {
            const struct question question = {first, second, first == firsts};
            const struct sequence_pair pair = {
                .first =
                    question.is_time ? time_of(&failing->steps[second]) : failing->steps[first],
                .second = failing->steps[second],
                .score = score_of(&question, sequences, count),
                .distance = second - first,
            };
            if (pair.score > 0) {
                found = keep(pairs, found, pairs_max, &pair);
            }
        }
    }
    return found;
}
