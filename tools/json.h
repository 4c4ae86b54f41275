/* Strings as JSON wants them.
 *
 * Memory:      none.
 */
#ifndef TOOLS_JSON_H
#define TOOLS_JSON_H

#include <stdio.h>

/* Prints the text in quotes, escaped. Bytes beyond ASCII stay as they are. */
void json_string(FILE *out, const char *text);

/* Prints "name": and the text as json_string does. */
void json_field(FILE *out, const char *name, const char *text);

#endif
