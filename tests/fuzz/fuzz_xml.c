/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of XML programs, beside a side file of the sample's weights. At start the sample
 * itself is written as fuzz_xml.seed.xml for the corpus.
 */
#define TEST_WITHOUT_CUNIT
#include "tests/fuzz/harness.h"
#include "tests/unit/sample_program.h"

#include <stdio.h>

#define SEED "fuzz_xml.seed.xml"

const struct th_plugin *xml_LTX_th_plugin_entry(void);

static bool copy(const char *from, const char *to)
{
    char bytes[4096];
    FILE *f = fopen(from, "rb"), *t = fopen(to, "wb");
    const size_t n = f ? fread(bytes, 1, sizeof bytes, f) : 0;
    const bool ok = f && t && n < sizeof bytes && fwrite(bytes, 1, n, t) == n;
    if (f)
        fclose(f);
    return (!t || fclose(t) == 0) && ok;
}

static bool write_weights(const char *path)
{
    struct th_ctx *ctx = th_ctx_new();
    struct th_program *p = sample_program(ctx);
    const enum th_status written = th_program_write_xml(p, SEED);
    th_program_free(p);
    th_ctx_free(ctx);
    return written == TH_OK && copy(SEED ".weights", path);
}

const struct harness harness = {.entry = xml_LTX_th_plugin_entry, .ending = ".xml",
                                .beside = ".xml.weights", .write_beside = write_weights};
