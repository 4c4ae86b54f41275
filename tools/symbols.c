#include "tools/symbols.h"

#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/place.h"

/* An image's debug information is opened when the first address in it is looked up. */
struct symbols {
    const struct record *record;
    Dwfl *dwfl;
    Dwfl_Module **modules; /* by image, NULL = not tried */
    bool *tried;
};

static char *debug_path;

static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .section_address = dwfl_offline_section_address,
    .debuginfo_path = &debug_path,
};

struct symbols *symbols_open(const struct record *record) {
    struct symbols *symbols = calloc(1, sizeof *symbols);
    if (symbols == NULL) {
        return NULL;
    }
    symbols->record = record;
    symbols->dwfl = dwfl_begin(&callbacks);
    symbols->modules = calloc(RECORD_IMAGES_MAX, sizeof *symbols->modules);
    symbols->tried = calloc(RECORD_IMAGES_MAX, sizeof *symbols->tried);
    if (symbols->dwfl == NULL || symbols->modules == NULL || symbols->tried == NULL) {
        symbols_close(symbols);
        return NULL;
    }
    return symbols;
}

void symbols_close(struct symbols *symbols) {
    if (symbols != NULL) {
        dwfl_end(symbols->dwfl);
        free(symbols->modules);
        free(symbols->tried);
        free(symbols);
    }
}

static Dwfl_Module *module_of(struct symbols *symbols, uint32_t image) {
    if (!symbols->tried[image]) {
        const struct record_image *entry = &symbols->record->images[image];
        symbols->tried[image] = true;
        dwfl_report_begin_add(symbols->dwfl);
        symbols->modules[image] =
            dwfl_report_elf(symbols->dwfl, entry->path, entry->path, -1, entry->base, false);
        dwfl_report_end(symbols->dwfl, NULL, NULL);
    }
    return symbols->modules[image];
}

static void copy(char *to, size_t size, const char *from) {
    snprintf(to, size, "%.*s", (int)size - 1, from);
}

static void place_fill(struct symbols_place *place, const char *file, int line) {
    const char *slash = strrchr(file, '/');
    copy(place->file, sizeof place->file, slash == NULL ? file : slash + 1);
    place->line = line;
}

/* By the table of address ranges where there is one (gcc), else through all units (clang). */
static void line_find(Dwfl_Module *module, Dwarf_Addr address, struct symbols_place *place) {
    int number = 0;
    Dwfl_Line *line = dwfl_module_getsrc(module, address);
    const char *file = line == NULL ? NULL : dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL);
    if (file != NULL) {
        place_fill(place, file, number);
        return;
    }
    Dwarf_Addr bias = 0;
    for (Dwarf_Die *unit = NULL; (unit = dwfl_module_nextcu(module, unit, &bias)) != NULL;) {
        if (dwarf_haspc(unit, address - bias) != 1) {
            continue;
        }
        Dwarf_Line *found = dwarf_getsrc_die(unit, address - bias);
        file = found == NULL ? NULL : dwarf_linesrc(found, NULL, NULL);
        if (file != NULL && dwarf_lineno(found, &number) == 0) {
            place_fill(place, file, number);
        }
        return;
    }
}

void symbols_find(struct symbols *symbols, uint64_t address, struct symbols_place *place) {
    *place = (struct symbols_place){.function = "?"};
    const struct record *record = symbols == NULL ? NULL : symbols->record;
    struct place said;
    if (record != NULL && place_read(&record->labels, address, &said)) {
        copy(place->function, sizeof place->function, said.name[0] != '\0' ? said.name : said.file);
        place_fill(place, said.file, (int)said.line);
        return;
    }
    for (uint32_t i = 0; record != NULL && i < record->image_count; i++) {
        if (address < record->images[i].start || address >= record->images[i].end) {
            continue;
        }
        Dwfl_Module *module = module_of(symbols, i);
        if (module == NULL) {
            return;
        }
        const Dwarf_Addr call = address - 1; /* within the call, not after it */
        const char *function = dwfl_module_addrname(module, call);
        const char *slash = strrchr(record->images[i].path, '/');
        copy(place->function,
             sizeof place->function,
             function != NULL ? function
             : slash == NULL  ? record->images[i].path
                              : slash + 1); /* a library without symbols is better than nothing */
        line_find(module, call, place);
        return;
    }
}
