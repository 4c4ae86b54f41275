/* The vDSO reads the clock from the kernel's pages without a system call, so that what libc's own
 * code asks would show real time. Each of its functions becomes a system call of the same name,
 * which is trapped in a run and goes through outside. */
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "sim/machine/guard_trap.h"
#include "sim/machine/real.h"
#include "sim/panic.h"

#define PAGE_SIZE 4096u

struct replaced {
    const char *name;
    uint32_t number;
};

static const struct replaced table[] = {
    {"__vdso_clock_gettime", SYS_clock_gettime},
    {"__vdso_gettimeofday", SYS_gettimeofday},
    {"__vdso_time", SYS_time},
    {"__vdso_clock_getres", SYS_clock_getres},
    {"__vdso_getcpu", SYS_getcpu},
};

static uint32_t number_of(const char *name) {
    for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(table[i].name, name) == 0) {
            return table[i].number;
        }
    }
    return UINT32_MAX;
}

/* mov eax, number; syscall; ret. What has no number (vgetrandom) answers -ENOSYS: libc then makes
 * the call itself. */
static void write_stub(unsigned char *code, uint32_t number) {
    static const unsigned char refuse[] = {0x48, 0xc7, 0xc0, 0xda, 0xff, 0xff, 0xff, 0xc3};
    if (number == UINT32_MAX) {
        memcpy(code, refuse, sizeof refuse);
        return;
    }
    code[0] = 0xb8;
    memcpy(code + 1, &number, sizeof number);
    code[5] = 0x0f;
    code[6] = 0x05;
    code[7] = 0xc3;
}

struct symbols {
    const ElfW(Sym) * first;
    const char *names;
    uint32_t count;
};

static struct symbols symbols_find(const char *base, const ElfW(Dyn) * dynamic) {
    struct symbols symbols = {0};
    for (; dynamic->d_tag != DT_NULL; dynamic++) {
        const char *at = base + dynamic->d_un.d_ptr;
        if (dynamic->d_tag == DT_SYMTAB) {
            symbols.first = (const ElfW(Sym) *)(const void *)at;
        } else if (dynamic->d_tag == DT_STRTAB) {
            symbols.names = at;
        } else if (dynamic->d_tag == DT_HASH) {
            symbols.count = ((const uint32_t *)(const void *)at)[1];
        }
    }
    if (symbols.count == 0 && symbols.names != NULL) { /* the names follow the symbols */
        symbols.count = (uint32_t)((const ElfW(Sym) *)(const void *)symbols.names - symbols.first);
    }
    return symbols;
}

void guard_vdso_replace(void) {
    const uintptr_t base = getauxval(AT_SYSINFO_EHDR);
    if (base == 0) {
        return;
    }
    const ElfW(Ehdr) *file = (const ElfW(Ehdr) *)base;
    const ElfW(Phdr) *headers = (const ElfW(Phdr) *)(base + file->e_phoff);
    struct symbols symbols = {0};
    size_t size = 0;
    for (unsigned i = 0; i < file->e_phnum; i++) {
        if (headers[i].p_type == PT_DYNAMIC) {
            symbols =
                symbols_find((const char *)base, (const ElfW(Dyn) *)(base + headers[i].p_vaddr));
        } else if (headers[i].p_type == PT_LOAD) {
            size = (headers[i].p_memsz + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
        }
    }
    ASSERT(symbols.first != NULL && symbols.names != NULL && size != 0);
    real_protect((void *)base, size, PROT_READ | PROT_WRITE | PROT_EXEC);
    for (uint32_t i = 0; i < symbols.count; i++) {
        const ElfW(Sym) *symbol = &symbols.first[i];
        const char *name = symbols.names + symbol->st_name;
        if (ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && symbol->st_shndx != SHN_UNDEF &&
            strncmp(name, "__vdso_", strlen("__vdso_")) == 0) {
            write_stub((unsigned char *)base + symbol->st_value, number_of(name));
        }
    }
    real_protect((void *)base, size, PROT_READ | PROT_EXEC);
}
