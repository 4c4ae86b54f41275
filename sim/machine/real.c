#include "sim/machine/real.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "sim/panic.h"

void *real_map(void *address, size_t size, int protection) {
    const int fixed = address != NULL ? MAP_FIXED_NOREPLACE : 0;
    const long result = real_call6(SYS_mmap,
                                   (long)address,
                                   (long)size,
                                   protection,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | fixed,
                                   -1,
                                   0);
    return result < 0 && result > -4096 ? NULL : (void *)result;
}

void real_protect(void *address, size_t size, int protection) {
    const long result = real_call3(SYS_mprotect, (long)address, (long)size, protection);
    ASSERT(result == 0);
}

void *real_symbol(void **cache, const char *name) {
    if (*cache == NULL) {
        *cache = dlsym(RTLD_NEXT, name);
        ASSERT(*cache != NULL);
    }
    return *cache;
}
