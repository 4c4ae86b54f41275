#include "tools/trial.h"

#include <stdio.h>
#include <string.h>

#include "tools/complain.h"
#include "tools/finding.h"

static int start(struct trial *trial) {
    const struct runner_options how = {.backend = trial->options->backend};
    if (!runner_open(&trial->runner, trial->module, &how)) {
        complain("%s", runner_error(&trial->runner));
        return EXIT_USAGE;
    }
    return EXIT_CLEAN;
}

int trial_open(struct trial *trial,
               const struct options *options,
               const char *module,
               const struct hash *signature) {
    *trial = (struct trial){.options = options, .signature = *signature};
    snprintf(trial->module, sizeof trial->module, "%s", module);
    return start(trial);
}

static bool is_the_bug(const struct trial *trial) {
    const struct record *record = trial->runner.record;
    if (!verdict_is_finding(&record->verdict)) {
        return false;
    }
    struct symbols *symbols = symbols_open(record);
    const struct hash signature = finding_signature(record, symbols);
    symbols_close(symbols);
    return memcmp(&signature, &trial->signature, sizeof signature) == 0;
}

/* A worker that crashed in the run before is thrown away, and that run's record goes with it. */
static int renew(struct trial *trial) {
    if (trial->runner.record->reply != RECORD_CRASHED) {
        return EXIT_CLEAN;
    }
    runner_close(&trial->runner);
    return start(trial);
}

int trial_run(struct trial *trial, uint64_t base, uint64_t n, bool observe, bool *fails) {
    const int renewed = renew(trial);
    if (renewed != EXIT_CLEAN) {
        return renewed;
    }
    struct record *record = trial->runner.record;
    if (!runner_prepare(&trial->runner, trial->options->strategy, base, 1)) {
        complain("there is no strategy \"%s\"; see sim help", trial->options->strategy);
        return EXIT_USAGE;
    }
    record->request.first = n;
    record->request.observe = observe ? 1 : 0;
    const enum runner_end end = runner_run(&trial->runner, NULL);
    if (end != RUNNER_REPLIED || record->error[0] != '\0') {
        complain("the worker %s in run %llu of %s%s%s; see sim doctor",
                 end == RUNNER_HUNG ? "hung" : "died",
                 (unsigned long long)n,
                 trial->module,
                 record->error[0] != '\0' ? ": " : "",
                 record->error);
        return EXIT_BROKEN;
    }
    *fails = is_the_bug(trial);
    return EXIT_CLEAN;
}

int trial_rate(struct trial *trial, uint64_t base, uint64_t runs, uint32_t *failed) {
    *failed = 0;
    for (uint64_t n = 1; n <= runs; n++) {
        bool fails;
        const int result = trial_run(trial, base, n, false, &fails);
        if (result != EXIT_CLEAN) {
            return result;
        }
        *failed += fails;
    }
    return EXIT_CLEAN;
}

void trial_close(struct trial *trial) {
    runner_close(&trial->runner);
}
