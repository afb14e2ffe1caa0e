/* SPDX-License-Identifier: Apache-2.0 */
/* The custom operator at the end of single-shot detectors. */
#include "import.h"

static const struct {
    const char *option, *attr;
} reals[] = {
    {"nms_score_threshold", "score_threshold"}, {"nms_iou_threshold", "iou_threshold"},
    {"y_scale", "y_scale"}, {"x_scale", "x_scale"}, {"h_scale", "h_scale"}, {"w_scale", "w_scale"},
};

static enum th_status need_int(const struct th_import *im, const char *name, int64_t *v)
{
    return im->option_int(im, name, v) ? TH_OK
                                       : th_import_error(im, "option '%s' is missing", name);
}

/* Operand i as real numbers. */
static enum th_status real_operand(const struct th_import *im, uint32_t i, th_value *v)
{
    const struct th_type *t = im->in[i] != 0 ? th_value_type(im->graph, im->in[i]) : NULL;

    if (t == NULL)
        return th_import_error(im, "operand %u is absent", i);
    *v = im->in[i];
    if (t->quant == NULL)
        return TH_OK;
    const struct th_node_desc d = {.op = "dequantize", .in = v, .n_in = 1, .n_out = 1,
                                   .loc = im->loc};
    th_value x;
    TH_TRY(th_graph_add_node(im->graph, &d, NULL, &x));
    *v = x;
    return TH_OK;
}

static enum th_status import(struct th_import *im)
{
    struct th_attr_list a = {.n = 0};
    th_value in[3];
    int64_t detections, classes, of_each, regular = 0, per_class;
    double v;

    if (im->n_in != 3 || im->n_out != 4)
        return th_import_error(im, "%u operands and %u results, expected 3 and 4", im->n_in,
                               im->n_out);
    for (uint32_t i = 0; i < 3; i++)
        TH_TRY(real_operand(im, i, &in[i]));
    TH_TRY(need_int(im, "max_detections", &detections));
    TH_TRY(need_int(im, "num_classes", &classes));
    TH_TRY(need_int(im, "max_classes_per_detection", &of_each));
    im->option_int(im, "use_regular_nms", &regular);
    if (of_each != 1)
        return th_import_error(im, "%lld classes for each detection; nearest supported form: 1",
                               (long long)of_each);
    th_attr_list_int(&a, "detections", detections);
    th_attr_list_int(&a, "classes", classes);
    if (regular != 0)
        th_attr_list_bool(&a, "regular", true);
    if (im->option_int(im, "detections_per_class", &per_class))
        th_attr_list_int(&a, "per_class", per_class);
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) {
        if (!im->option_float(im, reals[i].option, &v))
            return th_import_error(im, "option '%s' is missing", reals[i].option);
        th_attr_list_float(&a, reals[i].attr, v);
    }
    const struct th_node_desc d = {.op = "detection_postprocess", .in = in, .n_in = 3,
                                   .attrs = a.at, .n_attrs = a.n, .n_out = 4, .loc = im->loc};
    return th_graph_add_node(im->graph, &d, NULL, im->out);
}

const struct th_importer tfl_detection = {"tflite", "TFLite_Detection_PostProcess", import};
