/* SPDX-License-Identifier: 0BSD */
/* Start-up of every Cortex-M board of the bench. */
#include <stdint.h>

#include "thb_bench.h"
#include "semihost.h"

typedef void (*thb_handler)(void);

extern uint32_t __stack_top, __data_load, __data_start, __data_end, __bss_start, __bss_end;
extern thb_handler __init_array_start[], __init_array_end[];

int main(void);
void thb_reset_handler(void);
void thb_fault_handler(void);
void thb_fault_report(const uint32_t *frame);

static void die(const char *why, int code)
{
    thb_semihost_puts(why);
    thb_semihost_exit(code);
}

static void unexpected(void)
{
    die("thb error: unexpected interrupt\n", THB_EXIT_IRQ);
}

/* Finds the stacked frame; written for ARMv6-M so that every core takes it. */
__attribute__((naked)) void thb_fault_handler(void)
{
    __asm__ volatile("movs r1, #4\n"
                     "mov r2, lr\n"
                     "tst r2, r1\n"
                     "bne 1f\n"
                     "mrs r0, msp\n"
                     "b 2f\n"
                     "1: mrs r0, psp\n"
                     "2: ldr r1, =thb_fault_report\n"
                     "bx r1\n"
                     ".ltorg\n");
}

__attribute__((used)) void thb_fault_report(const uint32_t *frame)
{
    thb_semihost_puts("thb error: fault pc=");
    thb_semihost_hex(frame[6]);
    thb_semihost_puts(" lr=");
    thb_semihost_hex(frame[5]);
    thb_semihost_puts(" cfsr=");
    thb_semihost_hex(*(volatile uint32_t *)0xE000ED28u);
    thb_semihost_puts(" bfar=");
    thb_semihost_hex(*(volatile uint32_t *)0xE000ED38u);
    die("\n", THB_EXIT_FAULT);
}

__attribute__((section(".vectors"), used)) static const thb_handler vectors[16] = {
    (thb_handler)(uintptr_t)&__stack_top, thb_reset_handler, unexpected,
    thb_fault_handler, thb_fault_handler, thb_fault_handler, thb_fault_handler, thb_fault_handler,
    0, 0, 0, unexpected, unexpected, 0, unexpected, unexpected,
};

__attribute__((noreturn)) void thb_reset_handler(void)
{
    const uint32_t *from = &__data_load;
    uint32_t *to;
    thb_handler *f;

#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20;     /* CPACR: FPU and Helium on */
    __asm__ volatile("dsb\n isb" ::: "memory");
#endif
#if __ARM_ARCH == 6 || defined(THB_TRAP_UNALIGNED)
    /* ARMv6-M code runs on a core that forgives unaligned accesses; the real one does not. */
    *(volatile uint32_t *)0xE000ED14u |= 1u << 3;        /* CCR.UNALIGN_TRP */
    __asm__ volatile("dsb\n isb" ::: "memory");
#endif
    for (to = &__data_start; to < &__data_end;)
        *to++ = *from++;
    for (to = &__bss_start; to < &__bss_end;)
        *to++ = 0;
    for (f = __init_array_start; f < __init_array_end; f++)
        (*f)();
    thb_semihost_exit(main());
}
