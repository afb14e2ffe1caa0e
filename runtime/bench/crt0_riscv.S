/* SPDX-License-Identifier: 0BSD */
/* QEMU's `virt` starts here in machine mode (-bios none -kernel); for rv32 and rv64. */
    .section .init, "ax"
    .globl _start
_start:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, __stack_top
    la tp, __tls_base           /* picolibc keeps errno there */
    la t0, trap
    csrw mtvec, t0
    li t0, 0x6600               /* mstatus: floating point and vectors on */
    csrs mstatus, t0
#ifdef __riscv_flen
    fscsr zero
#endif
    la a0, __bss_start
    la a1, __bss_end
1:  bgeu a0, a1, 2f
    sb zero, 0(a0)
    addi a0, a0, 1
    j 1b
2:  call thb_start

    .balign 4
trap:
    csrr a0, mcause
    csrr a1, mepc
    csrr a2, mtval
    la sp, __stack_top          /* the old one may be what went wrong */
    j thb_trap
