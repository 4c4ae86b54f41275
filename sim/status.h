/* Operating errors: what can go wrong outside the program (files, memory, limits).
 *
 * Not for programmer errors (sim/panic.h) and not for findings (sim/verdict.h).
 */
#ifndef SIM_STATUS_H
#define SIM_STATUS_H

enum status {
    STATUS_OK = 0,
    STATUS_NO_MEMORY, /* the system gave no memory */
    STATUS_LIMIT,     /* a named limit of ours was reached */
    STATUS_IO,        /* a file or pipe failed; errno says how */
    STATUS_FORMAT,    /* malformed input */
    STATUS_VERSION,   /* input made by another version of us */
    STATUS_MISSING,   /* what was asked for does not exist */
    STATUS_READ_ONLY, /* it may be read but not written */
    STATUS_BUSY,      /* somebody else holds it for too long */
    STATUS_FULL,      /* the disk is full */
};

#define MUST_USE __attribute__((warn_unused_result))

#endif
