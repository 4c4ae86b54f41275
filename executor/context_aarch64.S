/* GNU assembler, AArch64. See context.h. */

#if defined(__aarch64__)

/* With branch target identification what `br` lands on begins with `bti`, which a return address
 * does not; `ret` may go anywhere. */
#if defined(__ARM_FEATURE_BTI_DEFAULT)
#define LANDING bti jc
#define JUMP ret x30
#else
#define LANDING
#define JUMP br x30
#endif

        .text

/* ex_context_swap(x0 = from, x1 = to, x2 = word) -> x0 = word of who switches back */
        .p2align 4
        .globl  ex_context_swap
        .hidden ex_context_swap
        .type   ex_context_swap, %function
        .globl  ex_context_suspended
        .hidden ex_context_suspended
ex_context_swap:
        .cfi_startproc
        LANDING
        sub     sp, sp, #160
        .cfi_adjust_cfa_offset 160
        stp     x19, x20, [sp]
        .cfi_rel_offset x19, 0
        .cfi_rel_offset x20, 8
        stp     x21, x22, [sp, #16]
        .cfi_rel_offset x21, 16
        .cfi_rel_offset x22, 24
        stp     x23, x24, [sp, #32]
        .cfi_rel_offset x23, 32
        .cfi_rel_offset x24, 40
        stp     x25, x26, [sp, #48]
        .cfi_rel_offset x25, 48
        .cfi_rel_offset x26, 56
        stp     x27, x28, [sp, #64]
        .cfi_rel_offset x27, 64
        .cfi_rel_offset x28, 72
        stp     x29, x30, [sp, #80]
        .cfi_rel_offset x29, 80
        .cfi_rel_offset x30, 88
        stp     d8, d9, [sp, #96]
        .cfi_rel_offset d8, 96
        .cfi_rel_offset d9, 104
        stp     d10, d11, [sp, #112]
        .cfi_rel_offset d10, 112
        .cfi_rel_offset d11, 120
        stp     d12, d13, [sp, #128]
        .cfi_rel_offset d12, 128
        .cfi_rel_offset d13, 136
        stp     d14, d15, [sp, #144]
        .cfi_rel_offset d14, 144
        .cfi_rel_offset d15, 152
        mov     x9, sp
        str     x9, [x0]
        ldr     x9, [x1]
        mov     x0, x2
        mov     sp, x9
ex_context_suspended:           /* from here on the frames are those of the other stack */
        ldp     x19, x20, [sp]
        .cfi_restore x19
        .cfi_restore x20
        ldp     x21, x22, [sp, #16]
        .cfi_restore x21
        .cfi_restore x22
        ldp     x23, x24, [sp, #32]
        .cfi_restore x23
        .cfi_restore x24
        ldp     x25, x26, [sp, #48]
        .cfi_restore x25
        .cfi_restore x26
        ldp     x27, x28, [sp, #64]
        .cfi_restore x27
        .cfi_restore x28
        ldp     x29, x30, [sp, #80]
        .cfi_restore x29
        .cfi_restore x30
        ldp     d8, d9, [sp, #96]
        .cfi_restore d8
        .cfi_restore d9
        ldp     d10, d11, [sp, #112]
        .cfi_restore d10
        .cfi_restore d11
        ldp     d12, d13, [sp, #128]
        .cfi_restore d12
        .cfi_restore d13
        ldp     d14, d15, [sp, #144]
        .cfi_restore d14
        .cfi_restore d15
        add     sp, sp, #160
        .cfi_adjust_cfa_offset -160
        JUMP
        .cfi_endproc
        .size   ex_context_swap, .-ex_context_swap

/* What a new context begins with: x0 = word, x19 = entry. Unwinding ends here. The nop makes the
 * address before it, which is where unwinders look for a caller, part of this function. */
        .p2align 4
        .globl  ex_context_enter
        .hidden ex_context_enter
        .type   ex_context_begin, %function
ex_context_begin:
        .cfi_startproc
        .cfi_undefined x30
        nop
ex_context_enter:
        LANDING
        mov     x29, #0
        mov     x30, #0
        blr     x19
        brk     #1              /* entry returned */
        .cfi_endproc
        .size   ex_context_begin, .-ex_context_begin

#if defined(__ARM_FEATURE_BTI_DEFAULT)
        .section .note.gnu.property, "a"
        .p2align 3
        .long   4               /* size of the name */
        .long   16              /* size of what follows the name */
        .long   5               /* NT_GNU_PROPERTY_TYPE_0 */
        .asciz  "GNU"
        .long   0xc0000000      /* GNU_PROPERTY_AARCH64_FEATURE_1_AND */
        .long   4
        .long   1               /* GNU_PROPERTY_AARCH64_FEATURE_1_BTI */
        .long   0
#endif

#endif

        .section .note.GNU-stack,"",%progbits
