/* Blocks of thread-local storage for simulated threads: copies of one that glibc itself made.
 *
 *   tls_open         ─► the pattern: errno, _Thread_local, locale … of every loaded image, as new
 *   tls_block_create ─► a block of the same shape
 *   tls_block_renew  ─► the pattern's content, for the next thread
 *
 * The pattern is made when all images are loaded and nothing is tracked yet. What glibc keeps in
 * its own thread descriptor behind the thread pointer (tid, stack guard, pointer guard) has no
 * interface: its layout is tested at start-up against the thread that runs the test, and unknown
 * layouts are refused. A thread's vector of images' storage (dtv) is said anew with each block.
 *
 * Memory:      blocks are kept for the life of the process.
 * Errors:      tls_check says what is wrong, in a sentence.
 * Threads:     one OS thread.
 * Source:      glibc 2.36, elf/dl-tls.c and nptl/descr.h.
 */
#ifndef SIM_MACHINE_TLS_GLIBC_H
#define SIM_MACHINE_TLS_GLIBC_H

#include <stdbool.h>
#include <stdint.h>

/* NULL when this processor, kernel and libc let a thread have a TLS block of our making; else the
 * reason. Must be called on the process's first thread. */
const char *tls_check(void);

/* Makes the pattern, once; false: there is no memory. */
bool tls_open(void);

/* A new block, to be renewed before use; returns its thread pointer, 0 without memory. */
uint64_t tls_block_create(void);

/* Makes a block as new for a thread with this id (what gettid-like code in libc reads). */
void tls_block_renew(uint64_t thread_pointer, uint32_t tid);

/* Run on a new thread before any of its code: what libc does at thread start. */
void tls_thread_start(void);

/* Run on a thread that ends: destructors of C++ thread_locals. */
void tls_thread_end(void);

/* The stack pointer that setjmp() kept in a jmp_buf of the running thread. */
uintptr_t tls_jump_stack(const void *buffer);

#endif
