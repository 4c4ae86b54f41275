/* A random sequence of calls on files in the working folder, and what came of each, as text. It is
 * run twice: by the kernel of this machine and by the simulated one. */
#ifndef TESTS_MODULES_PATHS_H
#define TESTS_MODULES_PATHS_H

#include <stddef.h>
#include <stdint.h>

/* Runs the sequence of a seed with only 0, 1 and 2 open. Returns the length of the text. */
size_t paths_run(uint64_t seed, char *text, size_t size);

#endif
