/* SPDX-License-Identifier: 0BSD */
#include <stdint.h>

#include "thb_bench.h"
#include "semihost.h"

typedef void (*thb_handler)(void);

extern thb_handler __init_array_start[], __init_array_end[];

int main(void);
void thb_start(void);
void thb_trap(uintptr_t cause, uintptr_t pc, uintptr_t value);

void thb_start(void)
{
    thb_handler *f;

    for (f = __init_array_start; f < __init_array_end; f++)
        (*f)();
    thb_semihost_exit(main());
}

void thb_trap(uintptr_t cause, uintptr_t pc, uintptr_t value)
{
    thb_semihost_puts("thb error: trap cause=");
    thb_semihost_hex(cause);
    thb_semihost_puts(" pc=");
    thb_semihost_hex(pc);
    thb_semihost_puts(" value=");
    thb_semihost_hex(value);
    thb_semihost_puts("\n");
    thb_semihost_exit(THB_EXIT_FAULT);
}
