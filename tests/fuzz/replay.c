/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds files to a fuzzing harness, once each: what fuzzing found stays found. */
#include "tests/fuzz/harness.h"

#include <stdio.h>
#include <stdlib.h>

static int replay(const char *path)
{
    FILE *f = fopen(path, "rb");
    unsigned char *data = malloc((size_t)1 << 20);
    if (!f || !data) {
        fprintf(stderr, "cannot read '%s'\n", path);
        free(data);
        if (f)
            fclose(f);
        return 1;
    }
    const size_t n = fread(data, 1, (size_t)1 << 20, f);
    fclose(f);
    LLVMFuzzerTestOneInput(data, n);
    free(data);
    return 0;
}

int main(int argc, char **argv)
{
    if (LLVMFuzzerInitialize(&argc, &argv) != 0) {
        fputs("cannot write temporary files\n", stderr);
        return 1;
    }
    for (int i = 1; i < argc; i++) {
        printf("%s\n", argv[i]);
        fflush(stdout);
        if (replay(argv[i]))
            return 1;
    }
    return argc < 2;
}
