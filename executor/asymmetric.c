#include "executor/asymmetric.h"

#include <ex/panic.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

static long membarrier(long command) {
    return syscall(SYS_membarrier, command, 0L, 0L);
}

bool ex_asymmetric_prepare(void) {
    return membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
}

void ex_asymmetric_barrier(void) {
    const long status = membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
    EX_ASSERT(status == 0);
}
