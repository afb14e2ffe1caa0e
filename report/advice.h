/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a network would pay for being run patch by patch, and what redistributing its receptive
 * field would save: MCUNetV2 (Lin et al., 2021), section 3.2. The model is its analytic one:
 * p x p patches of the map at the end of the stage, every halo computed again, patches at the
 * border as large as those inside.
 */
#ifndef REPORT_ADVICE_H
#define REPORT_ADVICE_H

#include <thimble/thimble.h>

/* A layer whose window reaches over the border of a patch. */
struct th_advice_layer {
    const char *name, *op;
    int64_t model_node;           /* -1 unknown */
    int64_t kernel[2], stride[2]; /* rows, columns; dilation counted in */
    int64_t patch[2];             /* of the input, if this layer's window were one pixel */
    double overhead;              /* of the stage then, relative to its own layer-by-layer form */
};
struct th_advice {
    uint32_t n_nodes;             /* of the stage; 0: no stage lowers the peak */
    const char *last;             /* name of its last layer */
    int64_t patches;              /* p: p x p patches */
    int64_t map[2], patch[2];     /* of the stage's output; of its input for one patch */
    int64_t least[2];             /* patch of the input if no window reached over a border */
    int64_t peak, layer_peak;     /* bytes, operands in place where possible: patches, layers */
    double overhead, overall;     /* MACs added: in the stage, of the whole network */
    const struct th_advice_layer *layers;   /* the windows of more than a pixel */
    uint32_t n_layers;
    /* if every window of stride 1 among them were one pixel */
    uint32_t n_redistributed;
    int64_t patch_redistributed[2];
    double overhead_redistributed;
};
/* For the first entry point; tile loops are seen as what they compute. Everything in the arena. */
TH_API enum th_status th_advice_collect(const struct th_program *p, struct th_arena *arena,
                                        struct th_advice *out);
/* A few lines for people; nothing when there is no stage or it costs less than a twentieth. */
TH_API void th_advice_text(const struct th_advice *a, struct th_str *out);

#endif
