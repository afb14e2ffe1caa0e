/* SPDX-License-Identifier: Apache-2.0 */
/* Writes networks of layers along time as program files into the folder that FRAMES_DIR names. */
#include "tests/unit/frame_nets.h"

#include <stdlib.h>

static void write_net(const char *name, build_fn *build, int h, int w, int c)
{
    const char *folder = getenv("FRAMES_DIR");
    struct series s;
    char path[400];
    CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
    series_open(&s, build, h, w, c);
    snprintf(path, sizeof path, "%s/%s.xml", folder, name);
    CU_ASSERT_EQUAL(th_program_write_xml(s.n.p, path), TH_OK);
    CU_ASSERT_STRING_EQUAL(s.n.log.text.s, "");
    net_close(&s.n);
}

static void test_nets(void)
{
    write_net("causal", causal_stack, 40, 1, 3);
    write_net("strides", causal_strides, 32, 1, 3);
    write_net("means", means, 20, 2, 3);
    write_net("same", same_padding, 15, 2, 3);
    write_net("sequences", sequences, 14, 2, 3);
    write_net("joined", joined, 14, 2, 3);
    write_net("constant", constant, 6, 1, 2);
    write_net("copied", copied, 3, 12, 12);
    write_net("moved", moved, 12, 2, 3);
    write_net("older", older, 20, 2, 3);
}

int main(void)
{
    const CU_TestInfo tests[] = {{"networks", test_nets}, CU_TEST_INFO_NULL};
    return test_main("frames", tests);
}
