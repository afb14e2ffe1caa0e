/* SPDX-License-Identifier: 0BSD */
/* Semihosting calls; Arm M-profile and RISC-V share the numbers. */
#ifndef THB_SEMIHOST_H
#define THB_SEMIHOST_H

#include <stddef.h>
#include <stdint.h>

#define THB_SYS_OPEN 0x01
#define THB_SYS_CLOSE 0x02
#define THB_SYS_WRITE0 0x04
#define THB_SYS_WRITE 0x05
#define THB_SYS_READ 0x06
#define THB_SYS_EXIT_EXTENDED 0x20
#define THB_STOPPED_APPLICATION_EXIT 0x20026

#define THB_OPEN_READ 1    /* "rb" */
#define THB_OPEN_WRITE 5   /* "wb" */

static inline intptr_t thb_semihost(intptr_t call, const void *argument)
{
#if defined(__arm__)
    register intptr_t r0 __asm__("r0") = call;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
#else
    register intptr_t a0 __asm__("a0") = call;
    register const void *a1 __asm__("a1") = argument;
    /* The three instructions must be uncompressed and must not cross a page. */
    __asm__ volatile(".balign 16\n"
                     ".option push\n"
                     ".option norvc\n"
                     "slli x0, x0, 0x1f\n"
                     "ebreak\n"
                     "srai x0, x0, 7\n"
                     ".option pop"
                     : "+r"(a0) : "r"(a1) : "memory");
    return a0;
#endif
}

static inline void thb_semihost_puts(const char *text)
{
    thb_semihost(THB_SYS_WRITE0, text);
}

static inline __attribute__((noreturn)) void thb_semihost_exit(int code)
{
    intptr_t block[2] = { THB_STOPPED_APPLICATION_EXIT, code };

    for (;;)
        thb_semihost(THB_SYS_EXIT_EXTENDED, block);
}

static inline void thb_semihost_hex(uintptr_t value)
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * sizeof value + 3];
    size_t i;

    text[0] = '0';
    text[1] = 'x';
    for (i = 0; i < 2 * sizeof value; i++)
        text[2 + i] = digits[(value >> (4 * (2 * sizeof value - 1 - i))) & 15];
    text[2 + 2 * sizeof value] = 0;
    thb_semihost_puts(text);
}

#endif
