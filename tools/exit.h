/* The exit codes of `sim`, which scripts and continuous integration rely on. */
#ifndef TOOLS_EXIT_H
#define TOOLS_EXIT_H

enum exit_code {
    EXIT_CLEAN = 0,
    EXIT_BROKEN = 1, /* sim itself failed */
    EXIT_USAGE = 2,  /* a wrong command line or scenario */
    EXIT_NOTHING_RAN = 3,
    EXIT_FOUND = 10,
    EXIT_VACUOUS = 11, /* what must happen sometimes never did */
    EXIT_NONDETERMINISM = 12,
    EXIT_DIVERGED = 13,
    EXIT_STOPPED = 75, /* early, with its state saved: run it again */
};

#endif
