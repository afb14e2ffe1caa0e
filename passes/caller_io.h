/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs and outputs in the caller's memory. Private to passes/. */
#ifndef TH_PASSES_CALLER_IO_H
#define TH_PASSES_CALLER_IO_H

#include <thimble/pass.h>
#include <thimble/thimble.h>

/* Was --io-buffers caller given? */
bool th_caller_io(const struct th_pass_ctx *pc);

/* How a node that was added gets its kernel. */
struct th_caller_select {
    enum th_status (*fn)(void *user, struct th_graph *g, th_node n);
    void *user;
};
/* Once kernels are chosen: adds the copies that function f needs. */
enum th_status th_caller_io_copies(struct th_graph *f, const struct th_caller_select *select);

#endif
