/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands around kernels in the emitted code, at most, by core: code and stack of an entry
 * point, of an input or output, of a call, of an argument, of an operand that is only moved, of 100
 * characters of a generated kernel, of a node of a tile loop. Fitted to networks that were compiled
 * for each core; tests/cli/footprint.test holds the sums against what is built.
 */
#include "backends/c99/families.h"

#define F (const int32_t[])

static const char *const cores[] = {
    "cortex-m0plus",
    "cortex-m3",
    "cortex-m4 cortex-m7 cortex-m33",
    "cortex-m55 cortex-m85",
    "rv32imc rv32imac rv32imafc",
    "rv64gc",
    "rv32imc_zve32x rv32gcv rv64gcv",
    "c99 x86-64-v2 x86-64-v3 x86-64-v4",
    NULL,
};

static const struct th_kernel_size rows[] = {
    {"around_entry", F{345, 176, 300, 144, 270, 120, 300, 144, 360, 144, 420, 224, 700, 288,
        640, 352}},
    {"around_port", F{40, 0, 40, 0, 40, 0, 40, 0, 40, 0, 44, 0, 60, 0, 50, 0}},
    {"around_call", F{28, 0, 22, 0, 22, 0, 24, 0, 46, 0, 52, 0, 60, 0, 30, 0}},
    {"around_argument", F{3, 0, 3, 0, 3, 0, 3, 0, 3, 0, 4, 0, 5, 0, 4, 0}},
    {"around_move", F{6, 0, 6, 0, 6, 0, 6, 0, 8, 0, 8, 0, 10, 0, 8, 0}},
    {"around_text", F{36, 0, 37, 0, 37, 0, 37, 0, 34, 0, 36, 0, 90, 0, 42, 0}},
    {"around_stream", F{440, 40, 300, 40, 200, 40, 240, 40, 470, 48, 500, 96, 900, 96, 320, 96}},
    {"around_strip", F{385, 40, 380, 40, 350, 40, 380, 40, 400, 48, 440, 96, 900, 96, 545, 96}},
};

const struct th_kernel_sizes th_c99_around = {
    .backend = "c99",
    .cores = cores,
    .rows = rows,
    .n = sizeof rows / sizeof rows[0],
    .row_size = sizeof rows[0],
};
