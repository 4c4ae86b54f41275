#include "tools/export.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/complain.h"
#include "tools/draft.h"
#include "tools/rerun.h"
#include "tools/sequence.h"
#include "tools/trial.h"

#define SAMPLES 48    /* other runs that are looked at */
#define TRY_RUNS 20   /* of each set of orders, while they become fewer */
#define TRIES_MAX 400 /* sets, of each kind of orders */
#define CHECK_RUNS 20
#define SAMPLE_SEED UINT64_C(0x73616d706c65)
#define TRY_SEED UINT64_C(0x747279)
#define CHECK_SEED UINT64_C(0x636865636b)
#define GOOD(runs) ((runs)*9 / 10) /* so many of them fail */

_Static_assert(SEQUENCE_PAIRS_MAX <= 32, "a bit for each");
_Static_assert(SAMPLES < 64, "sequence_pairs takes no more");

struct export {
    const struct options *options;
    struct rerun rerun;
    struct draft draft;
    char id[HASH_TEXT_SIZE];
    struct sequence *sequences; /* of the case, then of the samples */
    uint32_t sample_count, samples_failed;
    struct sequence_pair pairs[SEQUENCE_PAIRS_MAX];
    uint32_t pair_count;
    uint32_t tries_left;
    int result; /* of the first thing that went wrong */
};

/* A set of orders, and in how many of TRY_RUNS it fails. */
struct choice_set {
    uint32_t chosen;
    uint32_t failed;
};

/* ---- trying a set ---- */

static uint32_t rate(struct export *self, uint32_t chosen, uint64_t base, uint64_t runs) {
    static struct trial trial;
    uint32_t failed = 0;
    if (self->result != EXIT_CLEAN || (base == TRY_SEED && self->tries_left == 0)) {
        return 0;
    }
    self->tries_left -= base == TRY_SEED ? 1 : 0;
    if (!draft_write(&self->draft, "", self->pairs, chosen)) {
        self->result = EXIT_USAGE;
        return 0;
    }
    self->result =
        trial_open(&trial, self->options, self->draft.path, &self->rerun.entry.record.signature);
    if (self->result == EXIT_CLEAN) {
        self->result = trial_rate(&trial, base, runs, &failed);
    }
    trial_close(&trial);
    return failed;
}

static struct choice_set try(struct export *self, uint32_t chosen) {
    return (struct choice_set){chosen, rate(self, chosen, TRY_SEED, TRY_RUNS)};
}

static uint32_t size_of(uint32_t chosen) {
    return (uint32_t)__builtin_popcount(chosen);
}

/* The i-th of `parts` parts of a set. */
static uint32_t part_of(uint32_t chosen, uint32_t i, uint32_t parts) {
    const uint32_t size = size_of(chosen);
    uint32_t part = 0;
    uint32_t place = 0;
    for (uint32_t bit = 0; bit < SEQUENCE_PAIRS_MAX; bit++) {
        if ((chosen >> bit & 1) != 0) {
            part |= place * parts / size == i ? UINT32_C(1) << bit : 0;
            place++;
        }
    }
    return part;
}

/* ddmin: a part of the set that fails as well, or all of it but a part; finer parts when there is
 * none. */
static struct choice_set minimise(struct export *self, struct choice_set set) {
    uint32_t parts = 2;
    while (size_of(set.chosen) >= 2 && self->result == EXIT_CLEAN) {
        const uint32_t size = size_of(set.chosen);
        struct choice_set smaller = {0};
        for (uint32_t i = 0; i < 2 * parts && smaller.chosen == 0; i++) {
            const uint32_t part = part_of(set.chosen, i % parts, parts);
            const uint32_t chosen = i < parts ? part : set.chosen & ~part;
            if (chosen != 0 && chosen != set.chosen && !(i >= parts && parts == 2)) {
                const struct choice_set tried = try(self, chosen);
                smaller = tried.failed >= set.failed ? tried : smaller;
            }
        }
        if (smaller.chosen != 0) {
            parts = size_of(smaller.chosen) < size / 2 + 1 ? 2 : parts - 1;
            parts = parts < 2 ? 2 : parts;
            set = smaller;
        } else if (parts < size) {
            parts = 2 * parts < size ? 2 * parts : size;
        } else {
            break;
        }
    }
    return set;
}

/* The set and one more order, with which it fails more often; the set itself when there is none. */
static struct choice_set grow_once(struct export *self, struct choice_set set) {
    struct choice_set best = set;
    for (uint32_t i = 0; i < self->pair_count && best.failed < TRY_RUNS; i++) {
        if ((set.chosen >> i & 1) == 0) {
            const struct choice_set tried = try(self, set.chosen | UINT32_C(1) << i);
            best = tried.failed > best.failed ? tried : best;
        }
    }
    return best;
}

static struct choice_set grow(struct export *self, struct choice_set set) {
    for (bool grew = true; grew && set.failed < TRY_RUNS && self->result == EXIT_CLEAN;) {
        const struct choice_set next = grow_once(self, set);
        grew = next.failed > set.failed;
        set = next;
    }
    return set;
}

/* The smallest set that fails in each run, or the one that fails most often. */
static struct choice_set search(struct export *self) {
    if (self->pair_count == 0) {
        return (struct choice_set){0};
    }
    const uint32_t all = (uint32_t)((UINT64_C(1) << self->pair_count) - 1);
    const struct choice_set none = {0};
    const struct choice_set single = grow_once(self, none);
    struct choice_set set = single.failed < TRY_RUNS ? try(self, all) : single;
    if (set.failed < TRY_RUNS) {
        const struct choice_set grown = grow(self, single);
        set = grown.failed >= set.failed ? grown : set;
    }
    return set.failed == 0 ? set : minimise(self, set);
}

/* ---- what came ---- */

static bool replay(struct export *self) {
    const struct options *options = self->options;
    self->result = rerun_load(&self->rerun, options, options->operands[0]);
    if (self->result != EXIT_CLEAN) {
        return false;
    }
    hash_print(&self->rerun.entry.record.id, self->id);
    self->result = rerun_open(&self->rerun, options, NULL);
    if (self->result != EXIT_CLEAN) {
        return false;
    }
    struct record *record = self->rerun.runner.record;
    if (record->description.file[0] == '\0') {
        complain(
            "%s is a module in C, and constraints are added to scenario files; write one whose "
            "nodes run its programs",
            self->rerun.entry.record.scenario);
        self->result = EXIT_USAGE;
        return false;
    }
    record->request.observe = 1;
    if (!rerun_go(&self->rerun)) {
        self->result = EXIT_BROKEN;
        return false;
    }
    const struct outcome outcome = rerun_outcome(&self->rerun);
    if (outcome.kind != OUTCOME_EXACT) {
        complain("this is not the stored run any more; sim replay %.12s%s says where it parts",
                 self->id,
                 options->again);
        self->result = EXIT_DIVERGED;
    }
    return self->result == EXIT_CLEAN;
}

static bool sample(struct export *self, bool has_calls) {
    static struct trial trial;
    self->result =
        trial_open(&trial, self->options, self->rerun.module, &self->rerun.entry.record.signature);
    sequence_read(&self->sequences[0], self->rerun.runner.record, has_calls);
    self->sequences[0].failed = true;
    self->sample_count = self->samples_failed = 0;
    for (uint64_t n = 1; n <= SAMPLES && self->result == EXIT_CLEAN; n++) {
        struct sequence *sequence = &self->sequences[n];
        self->result = trial_run(&trial, SAMPLE_SEED, n, true, &sequence->failed);
        if (self->result == EXIT_CLEAN) {
            sequence_read(sequence, trial.runner.record, has_calls);
            self->samples_failed += sequence->failed;
            self->sample_count++;
        }
    }
    trial_close(&trial);
    return self->result == EXIT_CLEAN;
}

/* Orders of what has a name of its own; calls by their numbers only where these are not enough. */
static struct choice_set propose(struct export *self) {
    const struct constraints *demanded = &self->rerun.runner.record->description.demanded;
    uint32_t room = (OCCASIONS_MAX - demanded->occasion_count) / 2;
    room = room < SEQUENCE_PAIRS_MAX ? room : SEQUENCE_PAIRS_MAX;
    room = room < CONSTRAINTS_MAX - demanded->count ? room : CONSTRAINTS_MAX - demanded->count;
    struct choice_set best = {0};
    struct sequence_pair pairs[SEQUENCE_PAIRS_MAX];
    for (unsigned round = 0; round < 2 && best.failed < GOOD(TRY_RUNS); round++) {
        if (self->result != EXIT_CLEAN || !sample(self, round == 1)) {
            break;
        }
        memcpy(pairs, self->pairs, sizeof pairs);
        self->tries_left = TRIES_MAX;
        self->pair_count =
            sequence_pairs(self->sequences, 1 + self->sample_count, self->pairs, room);
        const struct choice_set found = search(self);
        if (round > 0 && found.failed <= best.failed) {
            memcpy(self->pairs, pairs, sizeof pairs);
        } else {
            best = found;
        }
    }
    return best;
}

/* ---- the file ---- */

static int write_file(struct export *self, const struct choice_set *set) {
    char comment[1024];
    const uint32_t failed = set->chosen == 0 ? 0 : rate(self, set->chosen, CHECK_SEED, CHECK_RUNS);
    if (self->result != EXIT_CLEAN) {
        return self->result;
    }
    const uint32_t by_chance = /* one more may be chance, too */
        self->sample_count == 0 ? 0 : self->samples_failed * CHECK_RUNS / self->sample_count + 1;
    const bool is_more = failed > by_chance + 1;
    if (set->chosen == 0 || !is_more) {
        complain("no orders of what came in case %.12s make it fail more often: in %" PRIu32
                 " of %d seeds, and without any in %" PRIu32 " of %" PRIu32
                 "; name more of what its programs do by marks, and find it again",
                 self->id,
                 failed,
                 CHECK_RUNS,
                 self->samples_failed,
                 self->sample_count);
        return EXIT_VACUOUS;
    }
    const struct record *record = self->rerun.runner.record;
    snprintf(comment,
             sizeof comment,
             "-- What made it fail, by `sim export %.12s`: %.*s.\n"
             "-- With this it fails in %" PRIu32 " of %d seeds; without, in %" PRIu32 " of %" PRIu32
             ".\n",
             self->id,
             (int)strcspn(record->verdict.message, "\n"),
             record->verdict.message,
             failed,
             CHECK_RUNS,
             self->samples_failed,
             self->sample_count);
    if (!draft_write(&self->draft, comment, self->pairs, set->chosen)) {
        return EXIT_USAGE;
    }
    printf("%s: %" PRIu32 " order%s; it fails in %" PRIu32 " of %d seeds, without in %" PRIu32
           " of %" PRIu32 ".\n",
           self->draft.path,
           size_of(set->chosen),
           size_of(set->chosen) == 1 ? "" : "s",
           failed,
           CHECK_RUNS,
           self->samples_failed,
           self->sample_count);
    return EXIT_CLEAN;
}

/* late_reply.lua ─► late_reply_1a2b3c4d5e6f.lua, here. */
static void path_default(const struct export *self, char *path, size_t size) {
    const char *module = self->rerun.module;
    const char *slash = strrchr(module, '/');
    const char *name = slash == NULL ? module : slash + 1;
    const int length = (int)strcspn(name, ".");
    snprintf(path, size, "%.*s_%.12s.lua", length, name, self->id);
}

int export_case(const struct options *options) {
    static struct export self;
    char path[PATH_MAX];
    self = (struct export){.options = options};
    rerun_init(&self.rerun);
    if (options->operand_count != 1) {
        complain("name one case by the first digits of its id; see sim corpus list");
        return EXIT_USAGE;
    }
    self.sequences = calloc(1 + SAMPLES, sizeof *self.sequences);
    if (self.sequences == NULL) {
        complain("there is no memory for what came in the runs");
        return EXIT_BROKEN;
    }
    bool done = false;
    if (replay(&self)) {
        path_default(&self, path, sizeof path);
        if (draft_init(&self.draft,
                       options->output != NULL ? options->output : path,
                       self.rerun.module,
                       &self.rerun.runner.record->description)) {
            const struct choice_set set = propose(&self);
            self.result = write_file(&self, &set);
            done = self.result == EXIT_CLEAN;
        } else {
            self.result = EXIT_USAGE;
        }
    }
    draft_deinit(&self.draft, done);
    rerun_close(&self.rerun);
    free(self.sequences);
    return self.result;
}
