/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the libFuzzer harnesses have in common: any bytes are a model file on their way through
 * probing, reading, printing and the rewriting passes. Each links its frontend's own objects, since
 * a module that is loaded late would hide its coverage.
 */
#ifndef TESTS_FUZZ_HARNESS_H
#define TESTS_FUZZ_HARNESS_H

#include <stddef.h>
#include <stdint.h>

#include <thimble/plugin.h>

struct harness {
    const struct th_plugin *(*entry)(void);
    const char *ending;          /* of the file's name: ".xml" */
    const char *beside;          /* of the name of the weights beside it, which stay the same */
    /* Writes the weights; false: it failed. NULL where there are none. */
    bool (*write_beside)(const char *path);
};

/* Defined by each harness. */
extern const struct harness harness;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
