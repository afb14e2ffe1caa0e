/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dilated convolution that was written as space_to_batch, convolution, batch_to_space. With block
 * b, element I*b + phase of an axis goes to element I of batch `phase`; the convolution over I with
 * dilation d therefore meets elements b*d apart, for each phase on its own. That is the
 * convolution of the whole with dilation b*d, over the border that space_to_batch adds, less what
 * batch_to_space cuts off in front. Borders hold the real value zero in both forms, so the
 * accumulators are sums of the same terms.
 */
#include "passes/fuse/fuse.h"

struct axis {
    int64_t block, before, cut, in, out, taps;
};

/* Padding and dilation of one axis; false when the plain form cannot say it. */
static bool solve(const struct axis *a, int64_t *dilation, int64_t *lead, int64_t *trail)
{
    int64_t reach;
    if (!th_mul_i64(*dilation, a->block, dilation) ||
        !th_mul_i64(a->taps - 1, *dilation, &reach))
        return false;
    *lead = a->before - a->cut;
    /* stride 1: out = in + lead + trail - reach */
    *trail = a->out - a->in - *lead + reach;
    return *lead >= 0 && *trail >= 0;
}

static bool all_ints(const struct th_attrs *as, const char *name, uint32_t n, int64_t want,
                     int64_t fallback)
{
    for (uint32_t i = 0; i < n; i++)
        if (th_attr_ints(as, name, i, fallback) != want)
            return false;
    return true;
}

static struct axis read_axis(const struct th_graph *g, const struct th_match *m, uint32_t i)
{
    const struct th_attrs *from = th_node_attrs(g, m->node[0]), *to = th_node_attrs(g, m->node[2]);
    struct axis a = {1, 0, 0, 0, 0, th_operand_type(g, m->node[1], 1)->dims[i + 1]};
    a.in = th_value_type(g, m->value[0])->dims[i + 1];
    a.out = th_value_type(g, th_node_output(g, m->node[0], 0))->dims[i + 1];
    if (i < th_attr_len(to, "block")) {
        a.block = th_attr_ints(to, "block", i, 1);
        a.before = th_attr_ints(to, "before", i, 0);
        a.cut = th_attr_ints(from, "before", i, 0);
    }
    return a;
}

enum th_status th_fuse_dilated(struct th_graph *g, const struct th_match *m, bool *done,
                               void *user)
{
    th_node last = m->node[0], conv = m->node[1], first = m->node[2];
    const struct th_attrs *ca = th_node_attrs(g, conv), *to = th_node_attrs(g, first);
    const struct th_type *x = th_value_type(g, m->value[0]), *w = th_operand_type(g, conv, 1);
    int64_t dilation[2], pad[4];
    uint32_t n = th_attr_len(to, "block");
    (void)user;
    if (x->rank != 4 || !w || w->rank != 4 || n > 2 ||
        n != th_attr_len(th_node_attrs(g, last), "block") || !all_ints(ca, "stride", 2, 1, 1) ||
        !all_ints(ca, "pad", 4, 0, 0))
        return TH_OK;
    for (uint32_t i = 0; i < n; i++)
        if (th_attr_ints(to, "block", i, 1) !=
            th_attr_ints(th_node_attrs(g, last), "block", i, 1))
            return TH_OK;
    for (uint32_t i = 0; i < 2; i++) {
        struct axis a = read_axis(g, m, i);
        dilation[i] = th_attr_ints(ca, "dilation", i, 1);
        if (!solve(&a, &dilation[i], &pad[i], &pad[i + 2]))
            return TH_OK;
    }
    /* the node is about to go: what changes is set on it, and taken over */
    uint32_t n_in = th_node_input_count(g, conv);
    th_value in[3] = {m->value[0]}, y;
    if (n_in > TH_ARRAY_LEN(in))
        return TH_OK;
    for (uint32_t i = 1; i < n_in; i++)
        in[i] = th_node_input(g, conv, i);
    TH_TRY(th_node_set_attr_ints(g, conv, "dilation", 2, dilation));
    TH_TRY(th_node_set_attr_ints(g, conv, "pad", 4, pad));
    TH_TRY(th_insert_like(g, last, conv, in, n_in,
                          th_value_type(g, th_node_output(g, last, 0)), &y));
    th_supersede(g, last, y);
    *done = true;
    return TH_OK;
}
