/* Where an async function can wait: a table of (function, file, line, what it awaits there).
 *
 * Every EX_AWAIT leaves one constant record in its object file; loading a library registers its
 * records. Dumps (ex/dump.h) and the debugger read them: what a frame awaits names the member that
 * is live there. Nothing of it is on any path that runs. A build for a small machine (EX_SMALL) has
 * no records: a frame's function and its `at`, a line, say as much to a debugger.
 *
 * Memory:  constants of the library that uses the macros, linked into a list while it is loaded.
 * Threads: registration happens while libraries are loaded; lookups at any time after that.
 * Limits:  a library whose frames are still alive may not be unloaded, and one that was loaded
 *          stays known.
 */
#ifndef EXECUTOR_INCLUDE_EX_POSITION_H
#define EXECUTOR_INCLUDE_EX_POSITION_H

#include <ex/panic.h>
#include <stddef.h>
#include <stdint.h>

struct ex_branch;
struct ex_frame;
struct ex_strand;

struct ex_position_function {
    int64_t (*resume)(struct ex_frame *frame, struct ex_strand *strand, int64_t value);
    const char *name;
    const char *file;
    /* The branches that a frame of this function runs while it waits, by index; NULL after the
     * last. NULL itself: none. */
    struct ex_branch *(*branch)(struct ex_frame *frame, size_t index);
};

/* Aligned to its size, for the linker lays the records of all files side by side. */
struct __attribute__((aligned(32))) ex_position {
    const struct ex_position_function *function;
    const char *call; /* the awaited expression, as written */
    uint64_t line;
};

/* The records of one library. */
struct ex_position_range {
    const struct ex_position *begin;
    const struct ex_position *end;
    struct ex_position_range *next;
};

EX_PUBLIC void ex_position_register(struct ex_position_range *range);

/* A position: EX_AT_WORD(line) as a frame's `at` holds it, EX_AT(line) as a case of the function's
 * switch. The case has a 65th bit, which no integer of the user's has: an await inside a switch of
 * the user's own is refused by the compiler, whatever the type. The bit is constant, and so the
 * comparison is one of 64 bits. Where there are no such integers a bias of 2^40 does that for
 * switches over an int; the line is in the low 40 bits either way. */
#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 ex_position_case;
#define EX_AT_BIT ((ex_position_case)1 << 64)
#define EX_AT_WORD(line) ((uint64_t)(line))
#else
typedef uint64_t ex_position_case;
#define EX_AT_BIT ((ex_position_case)0)
#define EX_AT_WORD(line) ((UINT64_C(1) << 40) + (uint64_t)(line))
#endif
#define EX_AT(line) (EX_AT_BIT | EX_AT_WORD(line))

/* The record of where a frame with these words waits; NULL before its first await, after its
 * return, and for frames that were not written with these macros. */
EX_PUBLIC const struct ex_position *
ex_position_find(int64_t (*resume)(struct ex_frame *, struct ex_strand *, int64_t), uint64_t at);

#ifdef EX_SMALL
#define EX_POSITION_FUNCTION(fn, branch) ((void)(branch))
#define EX_POSITION(text) ((void)0)
#else

#define EX_POSITION_FUNCTION(fn, branch)                                                           \
    static const struct ex_position_function ex_position_function_ = {fn##_resume,                 \
                                                                      #fn,                         \
                                                                      __FILE__,                    \
                                                                      branch};                     \
    (void)ex_position_function_

#define EX_POSITION(text)                                                                          \
    static const struct ex_position ex_position_                                                   \
        __attribute__((section("ex_positions"), used)) = {&ex_position_function_, text, __LINE__}

/* One range and one registration for each library, whichever of its files come to define them. */
extern const struct ex_position ex_position_begin[] __asm__("__start_ex_positions")
    __attribute__((weak, visibility("hidden")));
extern const struct ex_position ex_position_end[] __asm__("__stop_ex_positions")
    __attribute__((weak, visibility("hidden")));

extern struct ex_position_range ex_position_range __attribute__((visibility("hidden")));
void ex_position_load(void) __attribute__((visibility("hidden")));

__attribute__((weak)) struct ex_position_range ex_position_range;

__attribute__((weak, constructor)) void ex_position_load(void) {
    if (ex_position_range.begin == NULL && &ex_position_begin[0] != &ex_position_end[0]) {
        ex_position_range.begin = ex_position_begin;
        ex_position_range.end = ex_position_end;
        ex_position_register(&ex_position_range);
    }
}

#endif

#endif
