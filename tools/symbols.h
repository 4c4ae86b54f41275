/* Addresses of a worker as functions and source lines, from debug information.
 *
 * Only the supervisor reads debug information; copies of images are looked up in their originals.
 *
 * Memory:      symbols_open allocates, symbols_close frees; names live in between.
 * Errors:      what is not known is "?" or empty, never an error.
 * Threads:     one.
 * Source:      elfutils' libdwfl.
 */
#ifndef TOOLS_SYMBOLS_H
#define TOOLS_SYMBOLS_H

#include <stdint.h>

#include "sim/machine/record.h"

struct symbols;

struct symbols_place {
    char function[96]; /* "?" when unknown */
    char file[96];     /* base name, "" when unknown */
    int line;          /* 0 when unknown */
};

/* The record is borrowed until symbols_close. NULL without memory: then nothing is known. */
struct symbols *symbols_open(const struct record *record);
void symbols_close(struct symbols *symbols);

/* The place of a call whose return address this is; address 0 gives "?". Of a place that a program
 * said itself (sim/place.h) the function is the task's name, or the file's. */
void symbols_find(struct symbols *symbols, uint64_t address, struct symbols_place *place);

#endif
