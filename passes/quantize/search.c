/* SPDX-License-Identifier: Apache-2.0 */
/*
 * More precision where it is missed. The layers of the coarsest kind are raised one step, those
 * first that take most noise away for each byte; how many is found by halving, each time with a
 * converted copy over all test samples. If all of them do not suffice, the next kind follows.
 */
#include "passes/quantize/quantize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool good_enough(const struct th_quantizer *q, const struct th_qscore *base,
                        const struct th_qscore *s, double drop)
{
    const double lost = q->labelled ? base->right - s->right : 100 - s->agree;
    return lost <= drop + 1e-9;
}

static int by_gain(const void *a, const void *b)
{
    const struct th_qlayer *x = *(struct th_qlayer *const *)a, *y = *(struct th_qlayer *const *)b;
    if (x->gain != y->gain)
        return x->gain > y->gain ? -1 : 1;
    return x->node < y->node ? -1 : 1;
}

static double bytes_of(const struct th_quantizer *q, const struct th_qlayer *l, enum th_qkind k)
{
    const int32_t ports[2] = {l->rule.weight_port, l->rule.weight_port2};
    double bits = 0;
    for (int i = 0; i < (l->rule.weight_port2 > 0 ? 2 : 1) && l->weights; i++) {
        const th_value w = th_node_input(q->f, l->node, (uint32_t)ports[i]);
        bits += (double)th_type_elems(th_value_type(q->f, w)) *
                th_dtype_bits(th_qkind_weight(k));
    }
    for (uint32_t i = 0; i < th_node_output_count(q->f, l->node); i++)
        bits += (double)th_type_elems(th_value_type(q->f, th_node_output(q->f, l->node, i))) *
                th_dtype_bits(th_qkind_act(k));
    return bits / 8;
}

/* The next kind of a layer that it can have; the same when there is none. */
static enum th_qkind raised(const struct th_qlayer *l)
{
    if (l->kind == TH_Q_INT4 && !l->weights)
        return l->kind;
    for (int k = l->kind + 1; k <= TH_Q_FLOAT; k++)
        if (k != TH_Q_FLOAT16 && l->fits[k])
            return (enum th_qkind)k;
    return l->kind;
}

struct candidates {
    struct th_qlayer **list;
    enum th_qkind *from, *to;
    uint32_t n;
};

static bool find_candidates(struct th_quantizer *q, struct candidates *c)
{
    c->list = TH_NEW_ARRAY(q->arena, struct th_qlayer *, q->n_layers + 1);
    c->from = TH_NEW_ARRAY(q->arena, enum th_qkind, q->n_layers + 1);
    c->to = TH_NEW_ARRAY(q->arena, enum th_qkind, q->n_layers + 1);
    c->n = 0;
    if (!c->list || !c->from || !c->to)
        return false;
    enum th_qkind coarsest = TH_Q_KINDS;
    for (uint32_t i = 0; i < q->n_layers; i++) {
        const struct th_qlayer *l = &q->layers[i];
        if (th_qkind_is_int(l->kind) && raised(l) != l->kind && l->kind < coarsest)
            coarsest = l->kind;
    }
    for (uint32_t i = 0; i < q->n_layers; i++) {
        struct th_qlayer *l = &q->layers[i];
        if (l->kind != coarsest || raised(l) == l->kind)
            continue;
        const double more = bytes_of(q, l, raised(l)) - bytes_of(q, l, l->kind);
        l->gain = pow(10, -l->snr_db / 10) / (more > 1 ? more : 1);
        c->list[c->n++] = l;
    }
    qsort(c->list, c->n, sizeof(*c->list), by_gain);
    for (uint32_t i = 0; i < c->n; i++) {
        c->from[i] = c->list[i]->kind;
        c->to[i] = raised(c->list[i]);
    }
    return true;
}

/* The first k candidates raised, the others as they were. */
static enum th_status try_first(struct th_quantizer *q, const struct candidates *c, uint32_t k,
                                struct th_qscore *score)
{
    for (uint32_t i = 0; i < c->n; i++)
        c->list[i]->kind = i < k ? c->to[i] : c->from[i];
    return th_q_measure(q, score);
}

/* The fewest that suffice, given that all of them do. */
static enum th_status halve(struct th_quantizer *q, const struct candidates *c,
                            const struct th_qscore *base, double drop, struct th_qscore *score)
{
    uint32_t bad = 0, good = c->n;
    struct th_qscore best = *score, s;
    while (good - bad > 1) {
        const uint32_t mid = bad + (good - bad) / 2;
        TH_TRY(try_first(q, c, mid, &s));
        if (good_enough(q, base, &s, drop)) {
            good = mid;
            best = s;
        } else {
            bad = mid;
        }
    }
    for (uint32_t i = 0; i < c->n; i++)
        c->list[i]->kind = i < good ? c->to[i] : c->from[i];
    *score = best;
    return TH_OK;
}

enum th_status th_q_search(struct th_quantizer *q, const struct th_qscore *base, double drop,
                           struct th_qscore *score)
{
    for (unsigned step = 0; step < TH_Q_KINDS && !good_enough(q, base, score, drop); step++) {
        struct candidates c;
        if (!find_candidates(q, &c)) {
            th_error(th_pass_ctx(q->pc), NULL, 0, "memory exhausted while searching precisions");
            return TH_ERR_INTERNAL;
        }
        if (!c.n)
            break;
        TH_TRY(try_first(q, &c, c.n, score));
        if (good_enough(q, base, score, drop))
            return halve(q, &c, base, drop, score);
    }
    return TH_OK;
}
