#include "tools/board.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include "tools/paint.h"

struct board *board_create(void) {
    struct board *board =
        mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED) {
        return NULL;
    }
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&board->mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return board;
}

void board_enter(struct board *board) {
    if (pthread_mutex_lock(&board->mutex) == EOWNERDEAD) {
        pthread_mutex_consistent(&board->mutex);
    }
}

void board_leave(struct board *board) {
    pthread_mutex_unlock(&board->mutex);
}

void board_print_begin(struct board *board) {
    board_enter(board);
    paint_wipe(stderr);
}

void board_print_end(struct board *board) {
    fflush(stdout);
    board_leave(board);
}

struct board_sum board_sum(const struct board *board) {
    struct board_sum sum = {0};
    for (unsigned i = 0; i < OPTIONS_OPERANDS_MAX; i++) {
        const struct board_scenario *scenario = &board->scenarios[i];
        sum.runs += scenario->runs;
        sum.findings += scenario->findings;
        sum.cases += scenario->cases;
        sum.nondeterminism += scenario->nondeterminism;
        sum.steps += scenario->steps;
        sum.time_ns += scenario->time_ns;
    }
    return sum;
}

uint64_t board_next(const struct board *board, uint32_t lanes) {
    uint64_t next = BOARD_DONE;
    for (uint32_t i = 0; i < lanes; i++) {
        const uint64_t of_lane = board->next[i];
        next = of_lane < next ? of_lane : next;
    }
    return next;
}

uint64_t board_scenario_next(const struct board_scenario *scenario, uint32_t lanes) {
    uint64_t next = UINT64_MAX;
    for (uint32_t i = 0; i < lanes; i++) {
        const uint64_t of_lane = scenario->next[i];
        next = of_lane < next ? of_lane : next;
    }
    return next;
}
