/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds files to a fuzzing harness, once each: what fuzzing found stays found. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* not every harness has one */
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

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
    if (LLVMFuzzerInitialize)
        LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        printf("%s\n", argv[i]);
        fflush(stdout);
        if (replay(argv[i]))
            return 1;
    }
    return argc < 2;
}
