/* The text of schema.sql, built into the program, and what marks a file as a corpus.
 *
 * Memory:      constant.
 */
#ifndef CORPUS_SCHEMA_H
#define CORPUS_SCHEMA_H

#define SCHEMA_APPLICATION_ID 0x53494D43 /* "SIMC"; `file` shows it */
#define SCHEMA_VERSION 1                 /* user_version; equal to schema.sql's (asserted) */

/* NUL terminated; the build makes its definition from schema.sql. */
extern const char schema_sql[];

#endif
