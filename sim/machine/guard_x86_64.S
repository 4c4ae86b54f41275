/* GNU assembler, x86-64 System V. See guard_trap.h.
 *
 * guard_trampoline: where a thread goes on after a trapped instruction, on its own stack, with all
 * registers as they were there. It saves every register, calls guard_trap(frame) and goes back:
 *
 *   | rsp at the trap | red zone 128 | rip | flags | 15 registers = struct guard_frame | xsave area
 */

        .set    RED_ZONE, 128
        .set    XSAVE_SIZE, 2816        /* x87, SSE, AVX and AVX-512 in the standard format */
        .set    XSAVE_HEADER, 512

        .macro  save register
        pushq   %\register
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset \register, 0
        .endm

        .macro  restore register
        popq    %\register
        .cfi_adjust_cfa_offset -8
        .cfi_restore \register
        .endm

        .text
        .p2align 4
        .globl  guard_trampoline
        .hidden guard_trampoline
        .type   guard_trampoline, @function
guard_trampoline:
        .cfi_startproc simple
        .cfi_signal_frame
        .cfi_def_cfa rsp, 0
        leaq    -RED_ZONE(%rsp), %rsp   /* lea: the flags stay */
        .cfi_adjust_cfa_offset RED_ZONE
        pushq   guard_return+0(%rip)
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset rip, 0
        pushq   guard_return+8(%rip)
        .cfi_adjust_cfa_offset 8
        save    rax
        save    rbx
        save    rcx
        save    rdx
        save    rsi
        save    rdi
        save    rbp
        save    r8
        save    r9
        save    r10
        save    r11
        save    r12
        save    r13
        save    r14
        save    r15
        cld
        movq    %rsp, %rbp
        .cfi_def_cfa_register rbp
        subq    $XSAVE_SIZE, %rsp
        andq    $-64, %rsp
        .set    offset, XSAVE_HEADER
        .rept   8
        movq    $0, offset(%rsp)
        .set    offset, offset + 8
        .endr
        movl    guard_xsave_mask(%rip), %eax
        xorl    %edx, %edx
        xsave64 (%rsp)
        movq    %rbp, %rdi
        call    guard_trap
        movl    guard_xsave_mask(%rip), %eax
        xorl    %edx, %edx
        xrstor64 (%rsp)
        movq    %rbp, %rsp
        .cfi_def_cfa_register rsp
        restore r15
        restore r14
        restore r13
        restore r12
        restore r11
        restore r10
        restore r9
        restore r8
        restore rbp
        restore rdi
        restore rsi
        restore rdx
        restore rcx
        restore rbx
        restore rax
        popfq
        .cfi_adjust_cfa_offset -8
        ret     $RED_ZONE
        .cfi_endproc
        .size   guard_trampoline, .-guard_trampoline

        /* Where our signal handlers return to: the kernel must see this call come from here. */
        .p2align 4
        .globl  guard_restorer
        .hidden guard_restorer
        .type   guard_restorer, @function
guard_restorer:
        .cfi_startproc
        .cfi_undefined rip
        movl    $15, %eax
        syscall
        ud2
        .cfi_endproc
        .size   guard_restorer, .-guard_restorer

        .section .note.GNU-stack,"",@progbits
