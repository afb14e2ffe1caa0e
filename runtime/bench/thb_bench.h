/* SPDX-License-Identifier: 0BSD */
/* The on-target bench: runs an emitted model on a board, counts instructions, watches memory.
 *
 * A small generated file, the glue, describes one model by `thb_model`; bench_main.c does the rest:
 * it reads cases from the host's file `bench.in`, writes raw outputs to `bench.out`, and prints
 * lines that begin with "thb " (see bench_main.c). io_semihost.c or io_host.c carries the bytes.
 *
 * Case file, little endian words:
 *   magic THB_CASE_MAGIC, number of cases;
 *   per case: entry index, flags (THB_CASE_*), number of input bytes, then the inputs' raw bytes in
 *   order.
 * Output file: the outputs' raw bytes, case by case in order. */
#ifndef THB_BENCH_H
#define THB_BENCH_H

#include <stddef.h>
#include <stdint.h>

#define THB_CASE_MAGIC 0x32424854u     /* "THB2" */
#define THB_CASE_RESET 1u              /* reset the model first */

#define THB_GUARD_BYTES 64u
#define THB_GUARD_VALUE 0xC5u
#define THB_POISON_VALUE 0x5Au

/* Exit codes of the firmware. */
#define THB_EXIT_OK 0
#define THB_EXIT_GUARDS 10             /* a guard zone or the stack's end was written */
#define THB_EXIT_CASES 11              /* case file missing or malformed */
#define THB_EXIT_OUTPUT 12             /* output file cannot be written */
#define THB_EXIT_MODEL 13              /* init, reset or invoke returned an error */
#define THB_EXIT_IRQ 125               /* unexpected interrupt */
#define THB_EXIT_FAULT 126             /* processor fault */

struct thb_entry {
    const char *name;
    int (*invoke)(void);
    void *(*input)(int i);
    const void *(*output)(int i);
    size_t input_count, output_count;
    const size_t *input_bytes, *output_bytes;
};

enum thb_role { THB_ARENA, THB_INPUT, THB_OUTPUT };

/* One memory block given to the model, with guard zones before and after it, where there is memory.
 * The first `state_bytes` survive between cases; the bench poisons the rest. Inputs and outputs
 * have blocks of their own when the model works on its caller's memory. */
struct thb_region {
    unsigned char *guarded;
    size_t bytes, state_bytes;
    enum thb_role role;
    size_t before, after;     /* bytes of the guard zones; the block lies behind the first */
};

struct thb_model {
    const char *name;
    int (*init)(void);
    int (*reset)(void);
    size_t region_count, entry_count;
    const struct thb_region *regions;
    const struct thb_entry *entries;
};

extern const struct thb_model thb_model;

/* Storage of a region: `THB_REGION(r0, 1000);` then `THB_REGION_BASE(r0)` is what init gets.
 * The end guard follows the last byte at once, whatever the size. */
#define THB_REGION(id, size) \
    THB_REGION_IN(id, THB_GUARD_BYTES, size, THB_GUARD_BYTES, ".bss.thb_arena")
#define THB_REGION_BASE(id) ((void *)((id) + THB_GUARD_BYTES))
/* In a section that the linker script places, with guard zones of these sizes. */
#define THB_REGION_IN(id, before, size, after, name) \
    static unsigned char id[(before) + (size) + (after)] \
        __attribute__((section(name), aligned(64)))

/* Called between steps when the model is built with -D'<NAME>_STEP_HOOK(i)=thb_step(i)' and the
 * bench with -DTHB_STEP_MAX=n, the most steps it shall note in a case. */
void thb_step(int step);

/* Host files and messages. */
int thb_open_cases(void);
int thb_open_output(void);
int thb_read(void *to, size_t bytes);
int thb_write(const void *from, size_t bytes);
void thb_close(void);
void thb_puts(const char *text);

#endif
