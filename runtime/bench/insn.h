/* SPDX-License-Identifier: 0BSD */
/* Instruction counter under `qemu -icount shift=N`, N given as THB_ICOUNT_SHIFT.
 *
 * RISC-V reads instret, exact at shift 0. The Cortex-M boards have none, but with -icount one
 * instruction lasts 2^N ns of virtual time, so a timer of known period counts instructions.
 * Shift 7 resolves single ones. The MPS2 boards' timer has 32 bits and would wrap after some 1.3 G
 * instructions; a second timer, prescaled by 256, tells how often it did.
 * On the host: hardware instructions where the kernel lets us count them, else nanoseconds. */
#ifndef THB_INSN_H
#define THB_INSN_H

#include <stdint.h>

#ifndef THB_ICOUNT_SHIFT
#define THB_ICOUNT_SHIFT 7
#endif

#define THB_REG(address) (*(volatile uint32_t *)(uintptr_t)(address))

struct thb_stamp {
    uint64_t fine;
    uint32_t coarse;
};

#if defined(THB_BOARD_HOST)

void thb_count_init(void);
const char *thb_count_unit(void);
struct thb_stamp thb_count(void);
uint64_t thb_count_diff(struct thb_stamp from, struct thb_stamp to);

#else

static inline const char *thb_count_unit(void)
{
    return "instructions";
}

#if defined(__riscv)

static inline void thb_count_init(void)
{
}

static inline struct thb_stamp thb_count(void)
{
    struct thb_stamp now = { 0, 0 };
#if __riscv_xlen == 32
    uint32_t high, low, again;

    do {
        __asm__ volatile("rdinstreth %0\n rdinstret %1\n rdinstreth %2"
                         : "=r"(high), "=r"(low), "=r"(again) : : "memory");
    } while (high != again);
    now.fine = ((uint64_t)high << 32) | low;
#else
    __asm__ volatile("rdinstret %0" : "=r"(now.fine) : : "memory");
#endif
    return now;
}

static inline uint64_t thb_count_diff(struct thb_stamp from, struct thb_stamp to)
{
    return to.fine - from.fine;
}

#elif defined(THB_BOARD_AN547)

#define THB_CNTCR 0x58100000u          /* SSE-300 system counter, 32 MHz, 64 bits */
#define THB_CNTPCT_LOW 0x48101000u
#define THB_CNTPCT_HIGH 0x48101004u

static inline void thb_count_init(void)
{
    THB_REG(THB_CNTCR) = 1;
}

static inline struct thb_stamp thb_count(void)
{
    struct thb_stamp now = { 0, 0 };
    uint32_t high, low;

    do {
        high = THB_REG(THB_CNTPCT_HIGH);
        low = THB_REG(THB_CNTPCT_LOW);
    } while (high != THB_REG(THB_CNTPCT_HIGH));
    now.fine = ((uint64_t)high << 32) | low;
    return now;
}

static inline uint64_t thb_count_diff(struct thb_stamp from, struct thb_stamp to)
{
    uint64_t ns = (to.fine - from.fine) * 125u / 4u;   /* 31.25 ns a tick */

    return (ns + (1u << THB_ICOUNT_SHIFT) / 2) >> THB_ICOUNT_SHIFT;
}

#else

#if defined(THB_BOARD_AN505)
#define THB_TIMER 0x50000000u          /* secure alias, 20 MHz */
#define THB_DUAL_TIMER 0x50002000u
#define THB_TICK_NS 50u
#elif defined(THB_BOARD_AN385) || defined(THB_BOARD_AN386) || defined(THB_BOARD_AN500)
#define THB_TIMER 0x40000000u          /* 25 MHz */
#define THB_DUAL_TIMER 0x40002000u
#define THB_TICK_NS 40u
#else
#error "name the board: -DTHB_BOARD_AN385, AN386, AN500, AN505, AN547 or HOST"
#endif

static inline void thb_count_init(void)
{
    THB_REG(THB_TIMER + 0) = 0;
    THB_REG(THB_TIMER + 8) = 0xFFFFFFFFu;
    THB_REG(THB_TIMER + 4) = 0xFFFFFFFFu;
    THB_REG(THB_TIMER + 0) = 1;
    THB_REG(THB_DUAL_TIMER + 8) = 0;
    THB_REG(THB_DUAL_TIMER + 0) = 0xFFFFFFFFu;
    THB_REG(THB_DUAL_TIMER + 8) = 0x80u | 0x08u | 0x02u;   /* on, clock / 256, 32 bits, wrapping */
}

/* Both timers count down. */
static inline struct thb_stamp thb_count(void)
{
    struct thb_stamp now;

    now.coarse = THB_REG(THB_DUAL_TIMER + 4);
    now.fine = THB_REG(THB_TIMER + 4);
    return now;
}

static inline uint64_t thb_count_diff(struct thb_stamp from, struct thb_stamp to)
{
    uint32_t low = (uint32_t)from.fine - (uint32_t)to.fine;
    uint64_t about = (uint64_t)(from.coarse - to.coarse) << 8;
    uint64_t wraps = (about - low + 0x80000000u) >> 32;   /* to the nearest: about is rough */
    uint64_t ns;

    ns = ((wraps << 32) + low) * THB_TICK_NS;
    return (ns + (1u << THB_ICOUNT_SHIFT) / 2) >> THB_ICOUNT_SHIFT;
}

#endif
#endif
#endif
