/* SPDX-License-Identifier: Apache-2.0 */
/* Targets: XML descriptions of cores and devices. */
#ifndef THIMBLE_TARGET_H
#define THIMBLE_TARGET_H

#include <thimble/diag.h>

#ifdef __cplusplus
extern "C" {
#endif

enum th_region_use { TH_REGION_USE_RAM = 1, TH_REGION_USE_CODE = 2 };
struct th_mem_region {
    const char *name;         /* "sram", "dtcm", "flash" */
    uint64_t base, bytes;     /* bytes 0: unlimited */
    uint32_t use;             /* enum th_region_use bits */
    uint32_t speed;           /* 0 fastest */
};
struct th_compiler {
    const char *name;         /* "gcc", "clang" */
    const char *command;      /* "arm-none-eabi-gcc" */
    const char *link_with;    /* compiler that builds start-up code and links; NULL: itself */
    bool only_links;          /* cannot compile what is emitted for this target */
    const char *const *cflags;    /* NULL-terminated */
    const char *const *ldflags;
};
struct th_board {             /* how to run firmware for it; command NULL: cannot be run */
    const char *name;         /* "an386"; "host": run directly */
    const char *const *command;   /* program and arguments, NULL-terminated; firmware appended */
    const char *start;        /* bench start-up family: "cm", "riscv", "host" */
    const char *linker_script;
    const char *counter;      /* "cmsdk", "cmsdk505", "sse300", "rdinstret", "host", "none" */
    uint32_t icount_shift;
    /* Ranges of the board's memory that the bench leaves to models: what a device's regions have
     * there lies at the device's own addresses. Only name, base and bytes are set. */
    const struct th_mem_region *memories;
    uint32_t n_memories;
};
struct th_target {
    const char *name;         /* "cortex-m4", "stm32f746g-disco" */
    const char *title;
    const char *core;         /* the core's own name */
    const char *backend;      /* "cortexm" */
    const char *const *features;  /* "dsp", "mve", "v", "fpu", "unaligned", ...; NULL-terminated */
    uint32_t pointer_bits;
    uint32_t align;           /* natural vector or word alignment of buffers, bytes */
    uint32_t vlen;            /* bits of a vector register when fixed by the target, else 0 */
    uint64_t clock_hz;        /* 0 unknown */
    const struct th_mem_region *regions;
    uint32_t n_regions;
    const struct th_compiler *compilers;
    uint32_t n_compilers;
    struct th_board board;
};
/* By name ("cortex-m4", "x86-64-v3+avx512vnni": features added by '+') or path of an XML file.
 * Reports, with the nearest name, and returns NULL. Lives as long as the context. */
TH_API const struct th_target *th_target_find(struct th_ctx *ctx, const char *name);
/* All descriptions found, in name order; the array lives as long as the context. */
TH_API enum th_status th_target_list(struct th_ctx *ctx, const struct th_target *const **list,
                                     uint32_t *n);
/* Whether the target has a feature ("dsp"). */
TH_API bool th_target_has(const struct th_target *t, const char *feature);

#ifdef __cplusplus
}
#endif
#endif
