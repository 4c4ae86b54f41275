/* pthread_exit, what it runs on its way out, and cancellation as far as it goes.
 *
 *   pthread_exit ─► forced unwinding
 *                     ├─ a frame with destructors or catch (...): runs them, goes on
 *                     ├─ a frame with pthread_cleanup_push of C: jumps into it; it calls
 *                     │  __pthread_unwind_next, and unwinding goes on
 *                     └─ the end of the stack: the thread ends
 *
 * Source: glibc 2.36, nptl/unwind.c. GNU C: __thread with a model.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stddef.h>
#include <unwind.h>

#include "sim/machine/hook.h"
#include "sim/machine/tls_glibc.h"

/* What __pad of a __pthread_unwind_buf_t holds between push and pop. */
enum { PAD_OUTER, PAD_TYPE };

static __thread struct {
    struct _Unwind_Exception exception; /* outlives the frame of pthread_exit() */
    __pthread_unwind_buf_t *innermost;  /* cleanup handlers of C, NULL = none */
    void *result;
    const void *site;
    int state; /* PTHREAD_CANCEL_ENABLE is 0 */
    int type;  /* PTHREAD_CANCEL_DEFERRED is 0 */
} self __attribute__((tls_model("initial-exec")));

static _Unwind_Reason_Code stop_at(int version,
                                   _Unwind_Action actions,
                                   _Unwind_Exception_Class class,
                                   struct _Unwind_Exception *exception,
                                   struct _Unwind_Context *context,
                                   void *unused) {
    (void)version;
    (void)class;
    (void)exception;
    (void)unused;
    __pthread_unwind_buf_t *buffer = self.innermost;
    const bool end = (actions & _UA_END_OF_STACK) != 0;
    if (buffer != NULL &&
        (end || _Unwind_GetCFA(context) >= tls_jump_stack(&buffer->__cancel_jmp_buf))) {
        longjmp((void *)&buffer->__cancel_jmp_buf, 1);
    }
    if (end) {
        machine_thread_return(self.result);
    }
    return _URC_NO_REASON;
}

/* Somebody caught the unwinding and did not let it go on; glibc aborts here. */
static void swallowed(_Unwind_Reason_Code reason, struct _Unwind_Exception *exception) {
    (void)reason;
    (void)exception;
    world_fail(&machine.world,
               VERDICT_ASSERTION,
               self.site,
               "the end of a thread was caught and not thrown again");
}

_Noreturn static void unwind(void) {
    self.exception = (struct _Unwind_Exception){.exception_cleanup = swallowed};
    _Unwind_ForcedUnwind(&self.exception, stop_at, NULL);
    hook_escape(self.site, "pthread_exit() through frames without unwind information");
}

HOOK _Noreturn void pthread_exit(void *result) {
    if (!hook_simulated()) {
        REAL(pthread_exit)(result);
    }
    self.result = result;
    self.site = HOOK_SITE;
    unwind();
}

/* ---- pthread_cleanup_push of C without -fexceptions ---- */

HOOK void __pthread_register_cancel(__pthread_unwind_buf_t *buffer) {
    if (!hook_simulated()) {
        REAL(__pthread_register_cancel)(buffer);
        return;
    }
    buffer->__pad[PAD_OUTER] = self.innermost;
    self.innermost = buffer;
}

HOOK void __pthread_unregister_cancel(__pthread_unwind_buf_t *buffer) {
    if (!hook_simulated()) {
        REAL(__pthread_unregister_cancel)(buffer);
        return;
    }
    self.innermost = buffer->__pad[PAD_OUTER];
}

HOOK void __pthread_register_cancel_defer(__pthread_unwind_buf_t *buffer) {
    if (!hook_simulated()) {
        REAL(__pthread_register_cancel_defer)(buffer);
        return;
    }
    buffer->__pad[PAD_TYPE] = (void *)(intptr_t)self.type;
    self.type = PTHREAD_CANCEL_DEFERRED;
    __pthread_register_cancel(buffer);
}

HOOK void __pthread_unregister_cancel_restore(__pthread_unwind_buf_t *buffer) {
    if (!hook_simulated()) {
        REAL(__pthread_unregister_cancel_restore)(buffer);
        return;
    }
    self.type = (int)(intptr_t)buffer->__pad[PAD_TYPE];
    __pthread_unregister_cancel(buffer);
}

HOOK _Noreturn void __pthread_unwind_next(__pthread_unwind_buf_t *buffer) {
    if (!hook_simulated()) {
        REAL(__pthread_unwind_next)(buffer);
    }
    self.innermost = buffer->__pad[PAD_OUTER];
    unwind();
}

/* What programs built before glibc 2.3.3 call. */
extern void _pthread_cleanup_push(void *buffer, void (*routine)(void *argument), void *argument);
extern void
_pthread_cleanup_push_defer(void *buffer, void (*routine)(void *argument), void *argument);

HOOK void _pthread_cleanup_push(void *buffer, void (*routine)(void *argument), void *argument) {
    if (hook_simulated()) {
        hook_escape(HOOK_SITE, "_pthread_cleanup_push()");
    }
    REAL(_pthread_cleanup_push)(buffer, routine, argument);
}

HOOK void
_pthread_cleanup_push_defer(void *buffer, void (*routine)(void *argument), void *argument) {
    if (hook_simulated()) {
        hook_escape(HOOK_SITE, "_pthread_cleanup_push_defer()");
    }
    REAL(_pthread_cleanup_push_defer)(buffer, routine, argument);
}

/* ---- cancellation: no request can be made, so what guards against one has nothing to do ---- */

HOOK int pthread_cancel(pthread_t thread) {
    if (!hook_simulated()) {
        return REAL(pthread_cancel)(thread);
    }
    hook_escape(HOOK_SITE, "pthread_cancel()");
}

HOOK void pthread_testcancel(void) {
    if (!hook_simulated()) {
        REAL(pthread_testcancel)();
    }
}

HOOK int pthread_setcancelstate(int state, int *before) {
    if (!hook_simulated()) {
        return REAL(pthread_setcancelstate)(state, before);
    }
    if (state != PTHREAD_CANCEL_ENABLE && state != PTHREAD_CANCEL_DISABLE) {
        return EINVAL;
    }
    if (before != NULL) {
        *before = self.state;
    }
    self.state = state;
    return 0;
}

HOOK int pthread_setcanceltype(int type, int *before) {
    if (!hook_simulated()) {
        return REAL(pthread_setcanceltype)(type, before);
    }
    if (type != PTHREAD_CANCEL_DEFERRED && type != PTHREAD_CANCEL_ASYNCHRONOUS) {
        return EINVAL;
    }
    if (before != NULL) {
        *before = self.type;
    }
    self.type = type;
    return 0;
}
