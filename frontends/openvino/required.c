/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes that the format demands: none of them has a value where it is missing. Those that
 * choose a form among words are told by ov_attr_choice, with the words. */
#include <string.h>

#include "window.h"

struct must {
    const char *type, *names;           /* words; a bar parts two spellings */
    int64_t since, until;               /* versions of the layer */
};
enum { MANY = 1000000 };
static const struct must table[] = {
    {"AvgPool", "kernel strides exclude-pad|exclude_pad", 1, MANY},
    {"BatchNormInference", "epsilon|eps", 1, MANY},
    {"Clamp", "min max", 1, MANY},
    {"Concat", "axis", 1, MANY},
    {"Convert", "destination_type", 1, MANY},
    {"Convolution", "strides dilations", 1, MANY},
    {"ConvolutionBackpropData", "strides dilations", 1, MANY},
    {"DeformableConvolution", "strides dilations", 1, MANY},
    {"DetectionOutput", "num_classes", 1, 7},
    {"DetectionOutput", "keep_top_k nms_threshold", 1, MANY},
    {"Elu", "alpha", 1, MANY},
    {"FakeQuantize", "levels", 1, MANY},
    {"GRUCell", "hidden_size", 1, MANY},
    {"GRUSequence", "hidden_size", 1, MANY},
    {"GatherElements", "axis", 1, MANY},
    {"GroupConvolution", "strides dilations", 1, MANY},
    {"GroupConvolutionBackpropData", "strides dilations", 1, MANY},
    {"GroupNormalization", "num_groups epsilon", 1, MANY},
    {"LRN", "alpha beta bias size", 1, MANY},
    {"LSTMCell", "hidden_size", 1, MANY},
    {"LSTMSequence", "hidden_size", 1, MANY},
    {"MVN", "eps", 1, MANY},
    {"MVN", "normalize_variance eps_mode", 6, MANY},
    {"MaxPool", "kernel strides", 1, MANY},
    {"NormalizeL2", "eps", 1, MANY},
    {"OneHot", "axis", 1, MANY},
    {"PriorBox", "offset", 1, MANY},
    {"PriorBoxClustered", "offset", 1, MANY},
    {"RMS", "epsilon", 1, MANY},
    {"RNNCell", "hidden_size", 1, MANY},
    {"RNNSequence", "hidden_size", 1, MANY},
    {"ROIAlign", "pooled_h pooled_w sampling_ratio spatial_scale", 1, MANY},
    {"ROIPooling", "pooled_h pooled_w spatial_scale", 1, MANY},
    {"Range", "output_type", 4, MANY},
    {"Reshape", "special_zero", 1, MANY},
    {"Split", "num_splits", 1, MANY},
    {"StridedSlice", "begin_mask end_mask", 1, MANY},
    {"TopK", "axis sort", 1, MANY},
};

/* Whether one of the spellings in the word is there. */
static bool states(const struct ov_node *n, const char *word, size_t len)
{
    char name[32];

    while (len != 0) {
        size_t own = strcspn(word, "|");
        own = own < len ? own : len;
        if (own < sizeof name) {
            memcpy(name, word, own);
            name[own] = '\0';
            if (ov_attr_text(n, name) != NULL)
                return true;
        }
        own += own < len;
        word += own;
        len -= own;
    }
    return false;
}

static bool check_names(const struct ov_node *n, const char *names)
{
    bool all = true;

    for (size_t len; *names != '\0'; names += len + strspn(names + len, " ")) {
        len = strcspn(names, " ");
        if (states(n, names, len))
            continue;
        ov_reject(n, "attribute '%.*s' is missing, and the format has no value for that",
                  (int)strcspn(names, "| "), names);
        all = false;
    }
    return all;
}

/* Padding that auto_pad gives is not stated as a rule. */
static bool check_pads(const struct ov_node *n)
{
    enum ov_auto_pad mode;

    return ov_auto_pad(n, &mode) &&
           (mode > OV_PAD_NOTSET || check_names(n, "pads_begin pads_end"));
}

/* Of "opset6" 6. Files without it are of the first version; other words stand for dialects of the
 * latest. */
static int64_t version_of(const struct ov_layer *l)
{
    int64_t v = 1;

    if (strncmp(l->version, "opset", 5) == 0 && ov_scan_int(l->version + 5, &v))
        return v;
    return *l->version == '\0' ? 1 : MANY;
}

bool ov_check_required(const struct ov_node *n)
{
    const int64_t own = version_of(n->layer);
    bool all = true, windowed = false;

    for (size_t i = 0; i < TH_ARRAY_LEN(table); i++) {
        if (strcmp(table[i].type, n->row->type) != 0 ||
            own < table[i].since || own > table[i].until)
            continue;
        all &= check_names(n, table[i].names);
        windowed |= strncmp(table[i].names, "strides", 7) == 0 ||
                    strncmp(table[i].names, "kernel", 6) == 0;
    }
    return (!windowed || check_pads(n)) && all;
}
