/* SPDX-License-Identifier: 0BSD */
/* Body of the convolution of a volume. T: element, ACC: sum, RESULT(acc, bias): what is stored. */
{
    const int32_t fan = p->out_c / p->groups, depth = p->in_c / p->groups;
    for (int32_t place = 0; place < p->batch * p->out_d * p->out_h * p->out_w; place++) {
        const int32_t ox = place % p->out_w, oy = place / p->out_w % p->out_h;
        const int32_t oz = place / p->out_w / p->out_h % p->out_d;
        const T *in = x + (ptrdiff_t)(place / p->out_w / p->out_h / p->out_d) * p->in_d *
                              p->in_h * p->in_w * p->in_c;
        const T *tap = w;
        for (int32_t c = 0; c < p->out_c; c++) {
            ACC acc = 0;
            for (int32_t k = 0; k < p->kernel_d * p->kernel_h * p->kernel_w; k++, tap += depth) {
                const int32_t ix = ox * p->stride_w - p->pad_w + k % p->kernel_w * p->dilation_w;
                const int32_t iy = oy * p->stride_h - p->pad_h +
                                   k / p->kernel_w % p->kernel_h * p->dilation_h;
                const int32_t iz = oz * p->stride_d - p->pad_d +
                                   k / p->kernel_w / p->kernel_h * p->dilation_d;
                if (ix < 0 || ix >= p->in_w || iy < 0 || iy >= p->in_h || iz < 0 || iz >= p->in_d)
                    continue;
                const T *at = in + ((ptrdiff_t)(iz * p->in_h + iy) * p->in_w + ix) * p->in_c +
                              c / fan * depth;
                for (int32_t i = 0; i < depth; i++)
                    acc += (ACC)at[i] * (ACC)tap[i];
            }
            *y++ = RESULT(acc, bias ? bias[c] : 0);
        }
    }
}
#undef T
#undef ACC
#undef RESULT
