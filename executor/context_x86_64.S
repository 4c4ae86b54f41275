/* GNU assembler, x86-64 System V. See context.h. */

#if defined(__x86_64__)

/* With indirect-branch tracking what an indirect jump lands on begins with endbr64. The return
 * address of a call is no such place where the compiler puts none there: the jump says so. */
#if defined(__CET__) && (__CET__ & 1)
#define LANDING endbr64
#define JUMP notrack jmp
#else
#define LANDING
#define JUMP jmp
#endif

        .text

/* ex_context_swap(rdi = from, rsi = to, rdx = word) -> rax = word of who switches back */
        .p2align 4
        .globl  ex_context_swap
        .hidden ex_context_swap
        .type   ex_context_swap, @function
        .globl  ex_context_suspended
        .hidden ex_context_suspended
ex_context_swap:
        .cfi_startproc
        LANDING
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbp, 0
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbx, 0
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r12, 0
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r13, 0
        pushq   %r14
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r14, 0
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r15, 0
        movq    %rdx, %rax
        movq    %rsp, (%rdi)
        movq    (%rsi), %rsp
ex_context_suspended:           /* from here on the frames are those of the other stack */
        popq    %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r15
        popq    %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r14
        popq    %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r13
        popq    %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r12
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbx
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbp
        popq    %rcx
        .cfi_adjust_cfa_offset -8
        .cfi_register %rip, %rcx
        JUMP    *%rcx
        .cfi_endproc
        .size   ex_context_swap, .-ex_context_swap

/* What a new context begins with: rax = word, rbx = entry. Unwinding ends here. The nop makes the
 * address before it, which is where unwinders look for a caller, part of this function. */
        .p2align 4
        .globl  ex_context_enter
        .hidden ex_context_enter
        .type   ex_context_begin, @function
ex_context_begin:
        .cfi_startproc
        .cfi_undefined %rip
        nop
ex_context_enter:
        LANDING
        movq    %rax, %rdi
        call    *%rbx
        ud2                     /* entry returned */
        .cfi_endproc
        .size   ex_context_begin, .-ex_context_begin

/* Marked for indirect-branch tracking and not for shadow stacks: one file without the second mark
 * makes libc leave them off. */
#if defined(__CET__) && (__CET__ & 1)
        .section .note.gnu.property, "a"
        .p2align 3
        .long   4               /* size of the name */
        .long   16              /* size of what follows the name */
        .long   5               /* NT_GNU_PROPERTY_TYPE_0 */
        .asciz  "GNU"
        .long   0xc0000002      /* GNU_PROPERTY_X86_FEATURE_1_AND */
        .long   4
        .long   1               /* GNU_PROPERTY_X86_FEATURE_1_IBT */
        .long   0
#endif

#endif

        .section .note.GNU-stack,"",%progbits
