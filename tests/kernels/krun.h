/* SPDX-License-Identifier: 0BSD */
/* Runs the cases that kgen writes: on the host, or on a board under QEMU. */
#ifndef KRUN_H
#define KRUN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef THB_BOARD_HOST
#include <stdio.h>
#define KRUN_PUTS(s) fputs(s, stdout)
struct thb_stamp {
    int none;
};
#define KRUN_STAMP() ((struct thb_stamp){0})
#define KRUN_DIFF(a, b) ((void)(a), (void)(b), (uint64_t)0)
#define KRUN_INIT() ((void)0)
#else
#include "insn.h"
#include "semihost.h"
#define KRUN_PUTS(s) thb_semihost_puts(s)
#define KRUN_STAMP() thb_count()
#define KRUN_DIFF(a, b) thb_count_diff(a, b)
#define KRUN_INIT() thb_count_init()
#endif

#define KRUN_GUARD 32

static int krun_cases, krun_bad;

static void krun_dec(uint64_t v)
{
    char text[24];
    int i = 23;
    text[i] = 0;
    do
        text[--i] = (char)('0' + v % 10);
    while (v /= 10);
    KRUN_PUTS(text + i);
}

/* The written bytes against the wanted ones, guard bytes included. */
static void krun_check(const char *what, const uint8_t *got, const uint8_t *want, size_t n,
                       const uint8_t *scratch_guard)
{
    krun_cases++;
    for (size_t i = 0; i < KRUN_GUARD; i++) {
        if (scratch_guard[i] != 0xA5) {
            krun_bad++;
            KRUN_PUTS("SCRATCH OVERRUN ");
            KRUN_PUTS(what);
            KRUN_PUTS("\n");
            break;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (got[i] != want[i]) {
            krun_bad++;
            KRUN_PUTS("DIFFER ");
            KRUN_PUTS(what);
            KRUN_PUTS(" at ");
            krun_dec(i);
            KRUN_PUTS(" got ");
            krun_dec(got[i]);
            KRUN_PUTS(" want ");
            krun_dec(want[i]);
            KRUN_PUTS("\n");
            return;
        }
    }
}

#endif
