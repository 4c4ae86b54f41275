/* Streams of stdio. They are libc's, whose system calls come here; but one list has all nodes'. */
#include <stdio.h>

#include "sim/machine/hook.h"
#include "sim/machine/real.h"
#include "sim/machine/standard.h"

HOOK int fflush(FILE *stream) {
    return stream != NULL || !hook_simulated() ? REAL(fflush)(stream) : standard_flush();
}
