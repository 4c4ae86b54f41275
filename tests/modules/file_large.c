/* Writes more than the disk may have room for. */
#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sim/scenario.h"

#define BLOCK 65536
#define BLOCKS 64

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    static char block[BLOCK];
    const int number = open("large", O_CREAT | O_WRONLY, 0600);
    for (unsigned i = 0; i < BLOCKS; i++) {
        memset(block, (int)i, sizeof block);
        assert(write(number, block, sizeof block) == BLOCK);
    }
    return close(number);
}

SIM_SCENARIO(world) {
    sim_node(world, "writer", "program", NULL);
}
