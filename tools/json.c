#include "tools/json.h"

void json_string(FILE *out, const char *text) {
    putc('"', out);
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            fprintf(out, "\\%c", c);
        } else if (c < 32) {
            fprintf(out, "\\u%04x", c);
        } else {
            putc(c, out);
        }
    }
    putc('"', out);
}

void json_field(FILE *out, const char *name, const char *text) {
    fprintf(out, "\"%s\":", name);
    json_string(out, text);
}
