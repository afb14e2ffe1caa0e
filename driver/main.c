/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <thimble/thimble.h>

int main(void)
{
    struct th_ctx *ctx = th_ctx_new();
    if (!ctx)
        return TH_ERR_INTERNAL;
    printf("thimble %s, %u operators\n", th_version(), th_op_count(ctx));
    th_ctx_free(ctx);
    return TH_OK;
}
