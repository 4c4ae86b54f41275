/* GNU assembler, x86-64 System V. See context.h. */

        .text
        .p2align 4
        .globl  context_switch
        .hidden context_switch
        .type   context_switch, @function
context_switch:
        .cfi_startproc
        movq    (%rsp), %rcx
        pushq   %rbp
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        movq    %rsp, (%rdi)
        movq    (%rsi), %rsp
        movq    8(%rsi), %rax
        wrfsbase %rax
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbx
        popq    %rbp
        cmpq    (%rsp), %rcx
        jne     1f
        ret                     /* where we came from, as the processor foretells */
1:      popq    %rcx
        jmp     *%rcx
        .cfi_endproc
        .size   context_switch, .-context_switch

        .p2align 4
        .globl  context_switch_plain
        .hidden context_switch_plain
        .type   context_switch_plain, @function
context_switch_plain:
        .cfi_startproc
        pushq   %rbp
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        movq    %rsp, (%rdi)
        movq    (%rsi), %rsp
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbx
        popq    %rbp
        popq    %rcx
        jmp     *%rcx
        .cfi_endproc
        .size   context_switch_plain, .-context_switch_plain

        /* First instruction of a new context: r12 = argument, r13 = entry. Unwinding ends here. */
        .p2align 4
        .globl  context_enter
        .hidden context_enter
        .type   context_enter, @function
context_enter:
        .cfi_startproc
        .cfi_undefined rip
        xorl    %ebp, %ebp
        movq    %r12, %rdi
        call    *%r13
        ud2
        .cfi_endproc
        .size   context_enter, .-context_enter

        .section .note.GNU-stack,"",@progbits
