/* SPDX-License-Identifier: Apache-2.0 */
/* Rows for AVX-512 with VNNI: int8 conv2d. */
#include "backends/x86/families.h"
#include "backends/rows/channels.h"

static int64_t strip_columns(const struct th_row_window *w)
{
    return 5 * w->stride_w + (w->kernel_w - 1) * w->dilation_w + 1;
}

static const char *refuse_conv(const struct th_query *q)
{
    struct th_row_window w;
    struct th_row_channels h;
    const char *why = th_row_channels_window(q, &w, &h);
    if (why)
        return why;
    if (strip_columns(&w) * w.in_c > 1 << 20)
        return "a row of the window is too large";
    return th_row_channels_factors(&h);
}

/* 16 channels; `runs` runs of h->taps / runs products. Sums are those of unsigned inputs. */
static int8_t *put_block(const struct th_row_channels *h, int64_t first, int64_t runs, int8_t *to)
{
    const int64_t run = h->taps / runs;
    struct th_row_channels plus = *h;
    plus.zi += 128;
    for (int64_t c = first; c < first + 16; c++)
        to = th_row_put_word(to, th_row_channel_bias(&plus, c));
    for (int64_t c = first; c < first + 16; c++)
        to = th_row_put_word(to, th_row_channel_factor(h, c));
    for (int64_t c = first; !h->even && c < first + 16; c++)
        to = th_row_put_word(to, th_row_channel_shift(h, c) - 1);
    for (int64_t r = 0; r < runs; r++)
        for (int64_t t = 0; t < run; t += 4)
            for (int64_t c = first; c < first + 16; c++)
                for (int64_t i = t; i < t + 4; i++)
                    *to++ = i < run ? th_row_channel_weight(h, c, r * run + i) : 0;
    return to;
}

static enum th_status bind_conv(const struct th_query *q, struct th_call *c)
{
    struct th_row_window w;
    struct th_row_channels h;
    th_row_channels_window(q, &w, &h);
    th_row_flatten(q, &w);
    const int64_t runs = w.dilation_w == 1 ? w.kernel_h : w.kernel_h * w.kernel_w;
    const int64_t blocks = (h.n + 15) / 16, fours = runs * ((h.taps / runs + 3) / 4);
    const int64_t bytes = blocks * ((h.even ? 128 : 192) + 64 * fours);
    int8_t *stream = th_arena_alloc(th_call_arena(c), (size_t)bytes), *to = stream;
    if (!stream)
        return TH_ERR_INTERNAL;
    for (int64_t k = 0; k < blocks; k++)
        to = put_block(&h, 16 * k, runs, to);
    th_row_call_window(c, &w);
    th_call_input(c, 0, "const int8_t");
    th_call_data(c, "weights", TH_DT_S8, stream, (size_t)bytes, 64);
    th_call_output(c, 0, "int8_t");
    th_call_scratch(c, (size_t)(w.kernel_h * (strip_columns(&w) * w.in_c + 64)), 1, "uint8_t");
    th_row_call_batch(c, &w);
    return TH_OK;
}

static void cost_conv(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_window w;
    if (th_row_window(q, &w))
        return;
    th_row_flatten(q, &w);
    const double fours = (double)(w.kernel_h * ((w.kernel_w * w.in_c + 3) / 4));
    const double tiles = (double)(w.batch * w.box_h) * (double)((w.box_w + 5) / 6);
    k->cycles = tiles * ((double)w.kernel_h * (10 + (double)(strip_columns(&w) * w.in_c) / 40) +
                         (double)((w.out_c + 31) / 32) * (fours * 7 + 70));
    k->code_bytes = 6000;
    k->stack_bytes = 500;
}

#define VIEWS                                                                                  \
    (TH_VIEW_PITCHED_IN | TH_VIEW_PITCHED_OUT | TH_VIEW_RING_IN | TH_VIEW_RING_OUT |           \
     TH_VIEW_ANY_BOX | TH_VIEW_TAIL_IN)
#define ROW(contract_, name_)                                                                  \
    {.op = "conv2d", .types = "s8,s8,s32?>s8", .contract = contract_, .feature = "avx512vnni", \
     .symbol = "thk_" name_ "__avx512vnni", .source = "avx512vnni/thk_" name_ "__avx512vnni.c", \
     .order = TH_ORDER_ANY, .views = VIEWS, .refuse = refuse_conv, .bind = bind_conv,          \
     .cost = cost_conv}

static const struct th_kernel rows[] = {
    ROW("tflite", "conv2d_s8"),
    ROW("onnx", "conv2d_s8_onnx"),
};
const struct th_row_family th_x86_avx512vnni = {rows, TH_ARRAY_LEN(rows)};
