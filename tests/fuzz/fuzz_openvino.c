/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OpenVINO frontend. The weights beside the file are always the same: what the file says about
 * them is what is tried.
 */
#include "tests/fuzz/harness.h"

#include <stdio.h>

const struct th_plugin *openvino_LTX_th_plugin_entry(void);

static bool write_weights(const char *path)
{
    float numbers[1024];
    FILE *f = fopen(path, "wb");
    for (int i = 0; i < 1024; i++)
        numbers[i] = (float)(i % 7) - 3;
    const bool ok = f != NULL && fwrite(numbers, sizeof numbers, 1, f) == 1;
    return (!f || fclose(f) == 0) && ok;
}

const struct harness harness = {.entry = openvino_LTX_th_plugin_entry, .ending = ".xml",
                                .beside = ".bin", .write_beside = write_weights};
