/* Which system calls are modelled, answered or passed through. See hooks_syscall.h. */
#ifndef SIM_MACHINE_HOOKS_SYSCALL_TABLE_H
#define SIM_MACHINE_HOOKS_SYSCALL_TABLE_H

#include <stdint.h>

enum hooks_syscall_kind {
    HOOKS_SYSCALL_INT,     /* the hook returns an int, -1 and errno */
    HOOKS_SYSCALL_LONG,    /* a word, -1 and errno */
    HOOKS_SYSCALL_NUMBER,  /* an errno, 0 = success */
    HOOKS_SYSCALL_SPECIAL, /* arguments or result differ from the hook's */
    HOOKS_SYSCALL_ANSWER,  /* always `answer` */
    HOOKS_SYSCALL_PASS,    /* the kernel's own */
    HOOKS_SYSCALL_ESCAPE,  /* known by name only */
};

struct hooks_syscall_entry {
    uint16_t number;
    uint16_t kind; /* enum hooks_syscall_kind */
    int32_t answer;
    const char *name;
    const char *hook; /* NULL = none */
};

extern const struct hooks_syscall_entry hooks_syscall_table[]; /* ends with a name of NULL */

#endif
