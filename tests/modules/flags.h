/* One call for each hooked function that takes flags, a command or an option, with one that is
 * unknown, and what must come of it. It is compared twice: simulated, and with this machine's
 * kernel where an errno is what the call owes. */
#ifndef TESTS_MODULES_FLAGS_H
#define TESTS_MODULES_FLAGS_H

#include <stdbool.h>

/* What must come of a call: an escape whose sentence holds these words, or a result. */
struct flags_answer {
    const char *escape; /* NULL = it returns */
    long result;
    int error; /* errno, 0 = untouched */
};

struct flags_case {
    const char *function; /* NULL: there is no case of this number */
    struct flags_answer expected;
    struct flags_answer got; /* when it was called */
};

/* The case of a number from 0; calls the function when asked to. */
struct flags_case flags_case(unsigned number, bool call);

/* Hooked functions that take no flags: name after name, ended by NULL. */
extern const char *const flags_none[];

#endif
