#include "sim/interface.h"

#include <stddef.h>
#include <string.h>

static const char *const names[INTERFACE_COUNT + 1] = {
    [INTERFACE_LOOPBACK] = "lo",
    [INTERFACE_NETWORK] = "eth0",
};

uint32_t interface_index(const char *name) {
    for (uint32_t i = 1; i <= INTERFACE_COUNT; i++) {
        if (strcmp(name, names[i]) == 0) {
            return i;
        }
    }
    return 0;
}

const char *interface_name(uint32_t index) {
    return index <= INTERFACE_COUNT ? names[index] : NULL;
}
