/* Leaks one run into the next: it counts its runs where no reset comes, between the end of the
 * worker's own variables and the end of their last page. */
#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>

#include "sim/scenario.h"

#define PAGE ((uintptr_t)4096)

/* The last byte of the last writable page of the program that the process was started with. */
static volatile unsigned char *beyond_reset(void) {
    const Elf64_Phdr *headers = (const Elf64_Phdr *)getauxval(AT_PHDR);
    const unsigned long count = getauxval(AT_PHNUM);
    uintptr_t base = 0;
    uintptr_t end = 0;
    for (unsigned long i = 0; i < count; i++) {
        if (headers[i].p_type == PT_PHDR) {
            base = (uintptr_t)headers - headers[i].p_vaddr;
        } else if (headers[i].p_type == PT_LOAD && (headers[i].p_flags & PF_W) != 0) {
            end = headers[i].p_vaddr + headers[i].p_memsz;
        }
    }
    return (volatile unsigned char *)(((base + end + PAGE - 1) & ~(PAGE - 1)) - 1);
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    volatile unsigned char *kept = beyond_reset();
    *kept = (unsigned char)(*kept + 1);
    sim_count("runs", *kept);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
