/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/nn.h"

#include <math.h>
#include <string.h>

enum { SPACE = 3 };    /* axes of space: depth, which a map has one of, rows, columns */

static const char *const edges[] = {"zeros", "held", NULL};

static const struct th_port inputs[] = {
    {"x", TH_DT_FLOATS, 0, "map or volume [n, space.., channels]"},
    {"w", TH_DT_FLOATS, 0, "weights [out channels, kernel.., channels of a group]"},
    {"offset", TH_DT_FLOATS, 0, "[n, out space.., offset groups x taps x axes]: what is added to "
                                "the place of each tap"},
    {"b", TH_DT_FLOATS, TH_PORT_OPTIONAL, "bias of each output channel"},
    {"mask", TH_DT_FLOATS, TH_PORT_OPTIONAL,
     "[n, out space.., offset groups x taps]: factors of the taps"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TH_DT_FLOATS, 0, "map or volume [n, out space.., out channels]"},
    {NULL, 0, 0, NULL},
};
static const struct th_attr_spec attrs[] = {
    {.name = "stride", .kind = TH_ATTR_INTS, .min_len = 2, .max_len = SPACE, .min = 1,
     .max = 1 << 20, .def_i = 1, .doc = "steps between windows on each axis"},
    {.name = "dilation", .kind = TH_ATTR_INTS, .min_len = 2, .max_len = SPACE, .min = 1,
     .max = 1 << 20, .def_i = 1, .doc = "steps between taps on each axis"},
    {.name = "pad", .kind = TH_ATTR_INTS, .min_len = 4, .max_len = 2 * SPACE, .min = 0,
     .max = 1 << 20, .doc = "padding: before each axis, behind each axis"},
    {.name = "offset_groups", .kind = TH_ATTR_INT, .min = 1, .max = 1 << 20, .def_i = 1,
     .doc = "groups of channels with offsets and factors of their own"},
    {.name = "edge", .kind = TH_ATTR_ENUM, .names = edges,
     .doc = "zeros: the map fades to zero within one element; held: it ends half open, the last "
            "element up to the next whole place"},
    {.name = NULL},
};

struct form {
    int32_t axes;
    int64_t in[SPACE], out[SPACE], kernel[SPACE], stride[SPACE], dilation[SPACE], pad[SPACE];
    int64_t batch, channels, out_c, depth, taps, offset_groups;
    bool held;
};

/* Missing axes come first and have extent 1. */
static void form_of(const struct th_inst *c, struct form *f)
{
    const struct th_type *x = c->in[0], *w = c->in[1], *offset = c->in[2];
    *f = (struct form){.axes = x->rank - 2, .batch = x->dims[0], .taps = 1,
                       .channels = x->dims[x->rank - 1], .out_c = w->dims[0],
                       .depth = w->dims[w->rank - 1],
                       .offset_groups = th_inst_int(c, "offset_groups"),
                       .held = th_inst_int(c, "edge") == 1};
    for (int32_t i = 0; i < SPACE; i++) {
        const int32_t a = i - (SPACE - f->axes);
        const uint32_t at = (uint32_t)(a < 0 ? 0 : a);
        f->in[i] = a < 0 ? 1 : x->dims[a + 1];
        f->out[i] = a < 0 ? 1 : offset->dims[a + 1];
        f->kernel[i] = a < 0 ? 1 : w->dims[a + 1];
        f->stride[i] = a < 0 ? 1 : th_inst_ints(c, "stride", at);
        f->dilation[i] = a < 0 ? 1 : th_inst_ints(c, "dilation", at);
        f->pad[i] = a < 0 ? 0 : th_inst_ints(c, "pad", at);
        f->taps *= f->kernel[i];
    }
}

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0], *w = c->in[1], *offset = c->in[2];
    int64_t dims[TH_MAX_RANK];
    if (x->rank < 4 || x->rank > SPACE + 2 || w->rank != x->rank || offset->rank != x->rank)
        return th_inst_error(c, "operand, weights and offsets of %d, %d and %d axes, needed are 4 "
                             "or 5", x->rank, w->rank, offset->rank);
    const int32_t last = x->rank - 1;
    if (w->dims[last] < 1 || x->dims[last] % w->dims[last] != 0 || x->dims[last] < 1 ||
        w->dims[0] % (x->dims[last] / w->dims[last]) != 0)
        return th_inst_error(c, "%lld input channels and %lld by %lld weights make no groups",
                             (long long)x->dims[last], (long long)w->dims[0],
                             (long long)w->dims[last]);
    memcpy(dims, offset->dims, sizeof dims);
    dims[last] = w->dims[0];
    for (int32_t a = 1; a < last; a++) {
        const uint32_t i = (uint32_t)a - 1;
        const int64_t reach = (w->dims[a] - 1) * th_inst_ints(c, "dilation", i) + 1;
        const int64_t size = x->dims[a] + th_inst_ints(c, "pad", i) +
                             th_inst_ints(c, "pad", i + (uint32_t)last - 1);
        if (w->dims[a] < 1 || x->dims[a] < 1 || reach > size)
            return th_inst_error(c, "a window of %lld does not fit %lld elements of axis %d",
                                 (long long)reach, (long long)size, a);
        dims[a] = (size - reach) / th_inst_ints(c, "stride", i) + 1;
        if (offset->dims[a] != dims[a])
            return th_inst_error(c, "axis %d of the offsets has %lld elements, the result %lld", a,
                                 (long long)offset->dims[a], (long long)dims[a]);
    }
    if (offset->dims[0] != x->dims[0])
        return th_inst_error(c, "offsets of %lld maps for %lld", (long long)offset->dims[0],
                             (long long)x->dims[0]);
    return th_set_shape(c, 0, x->rank, dims);
}

static bool list_fits(const struct th_inst *c, const char *name, uint32_t count)
{
    const uint32_t given = th_inst_ints_len(c, name);
    return given == 0 || given == count;
}

static enum th_status verify(const struct th_inst *c)
{
    const struct th_type *b = th_operand_type(c, 3), *mask = th_operand_type(c, 4);
    const struct th_type *offset = c->in[2];
    const int32_t last = offset->rank - 1;
    struct form f;
    form_of(c, &f);
    const uint32_t axes = (uint32_t)f.axes;
    if (!list_fits(c, "stride", axes) || !list_fits(c, "dilation", axes) ||
        !list_fits(c, "pad", 2 * axes))
        return th_inst_error(c, "strides, dilations or padding are not of %u axes", axes);
    if (f.channels % f.offset_groups != 0)
        return th_inst_error(c, "%lld channels in %lld groups of offsets", (long long)f.channels,
                             (long long)f.offset_groups);
    if (offset->dims[last] / f.axes / f.offset_groups != f.taps ||
        offset->dims[last] % (f.axes * f.offset_groups) != 0)
        return th_inst_error(c, "%lld offsets of a place for %lld groups of %lld taps on %d axes",
                             (long long)offset->dims[last], (long long)f.offset_groups,
                             (long long)f.taps, f.axes);
    for (int32_t a = 0; mask && a <= last; a++)
        if (mask->rank != offset->rank ||
            mask->dims[a] != (a < last ? offset->dims[a] : offset->dims[a] / f.axes))
            return th_inst_error(c, "the factors of the taps do not fit the offsets");
    if (b && th_type_elems(b) != f.out_c)
        return th_inst_error(c, "bias has %lld elements for %lld channels",
                             (long long)th_type_elems(b), (long long)f.out_c);
    return TH_OK;
}

/* Value between the elements of one channel of a map; zero beyond. */
static float sample(const struct form *f, const float *map, const float place[SPACE])
{
    float low[SPACE], part[SPACE], sum = 0;
    for (int a = 0; a < SPACE; a++) {
        const float size = (float)f->in[a];
        float v = place[a];
        if (!(v < size && (f->held ? v >= 0 : v > -1)))
            return 0;
        v = f->held && v > size - 1 ? size - 1 : v;
        low[a] = floorf(v);
        part[a] = v - low[a];
    }
    for (int corner = 0; corner < 1 << SPACE; corner++) {
        int64_t at = 0;
        float weight = 1;
        bool inside = true;
        for (int a = 0; a < SPACE; a++) {
            const int64_t high = corner >> (SPACE - 1 - a) & 1, i = (int64_t)low[a] + high;
            weight *= high ? part[a] : 1 - part[a];
            inside = inside && i >= 0 && i < f->in[a];
            at = at * f->in[a] + i;
        }
        sum += inside ? weight * map[at * f->channels] : 0;
    }
    return sum;
}

/* What the taps meet of every channel at one place of the result: [taps, channels]. */
static void column(const struct form *f, const float *map, const float *offset, const float *mask,
                   const int64_t out[SPACE], float *to)
{
    const int64_t each = f->channels / f->offset_groups;
    for (int64_t t = 0; t < f->taps; t++)
        for (int64_t k = 0; k < f->channels; k++) {
            const int64_t group = k / each * f->taps + t;
            const int missing = SPACE - f->axes;
            float place[SPACE];
            int64_t rest = t;
            for (int a = SPACE - 1; a >= 0; a--) {
                place[a] = (float)(out[a] * f->stride[a] - f->pad[a] +
                                   rest % f->kernel[a] * f->dilation[a]);
                rest /= f->kernel[a];
                place[a] += a < missing ? 0 : offset[group * f->axes + a - missing];
            }
            *to++ = sample(f, map + k, place) * (mask ? mask[group] : 1);
        }
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const float *x = th_floats(e->in[0]), *offset = th_floats(e->in[2]);
    const float *b = th_floats(th_operand(c, e, 3)), *mask = th_floats(th_operand(c, e, 4));
    float *y = e->out[0]->data;
    struct form f;
    form_of(c, &f);
    const int64_t volume = f.in[0] * f.in[1] * f.in[2], fan = f.out_c / (f.channels / f.depth);
    const int64_t places = f.out[0] * f.out[1] * f.out[2], moves = f.offset_groups * f.taps;
    float *col = TH_NEW_ARRAY(e->arena, float, (size_t)(f.taps * f.channels) + 1);
    if (!col)
        return th_out_of_memory(c);
    for (int64_t p = 0; p < f.batch * places; p++) {
        const int64_t out[SPACE] = {p % places / (f.out[1] * f.out[2]),
                                    p / f.out[2] % f.out[1], p % f.out[2]};
        const float *w = th_floats(e->in[1]);
        column(&f, x + p / places * volume * f.channels, offset + p * moves * f.axes,
               mask ? mask + p * moves : NULL, out, col);
        for (int64_t o = 0; o < f.out_c; o++) {
            float sum = 0;
            for (int64_t t = 0; t < f.taps; t++)
                for (int64_t i = 0; i < f.depth; i++)
                    sum += *w++ * col[t * f.channels + o / fan * f.depth + i];
            *y++ = sum + (b ? b[o] : 0);
        }
    }
    return TH_OK;
}

static void cost(const struct th_inst *c, struct th_cost *k)
{
    struct form f;
    form_of(c, &f);
    const int64_t column = f.batch * f.out[0] * f.out[1] * f.out[2] * f.taps;
    k->macs = th_type_elems(&c->out[0]) * f.taps * f.depth +
              column * f.channels * (1LL << f.axes);
    k->ops = column * f.offset_groups * 10 * f.axes;
    th_cost_bytes(c, k);
}

extern const struct th_op th_op_deform_conv;
const struct th_op th_op_deform_conv = {
    .struct_size = sizeof(struct th_op),
    .name = "deform_conv",
    .summary = "convolution whose taps lie where an operand says",
    .doc = "The tap of a window lies at its place plus an offset (one number for each axis, the "
           "first axis first); between elements the map is interpolated linearly, and what is "
           "met counts as much as the mask says. Groups follow from the channels of the weights.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = infer,
    .verify = verify,
    .eval = eval,
    .cost = cost,
};
