/* SPDX-License-Identifier: Apache-2.0 */
/* A file that no frontend takes: what it seems to be, and what makes a model of it. */
#include "plugins/unknown_format.h"

#include <string.h>

#define SAVED_MODEL \
    "in Python: tf.lite.TFLiteConverter.from_saved_model(FOLDER).convert() gives the bytes of a " \
    ".tflite file"
#define KERAS \
    "in Python: tf.lite.TFLiteConverter.from_keras_model(tf.keras.models.load_model(FILE))" \
    ".convert() gives the bytes of a .tflite file"
#define TORCH "in Python: torch.onnx.export(model, example_input, 'model.onnx')"

static const struct seeming {
    const char *ending;              /* of the file's name; NULL: any */
    const char *begin;               /* first bytes; NULL: any */
    size_t n;
    const char *what, *help;
} seemings[] = {
    {NULL, "version https://git-lfs", 23, "a Git LFS pointer, not the model itself",
     "fetch the model with git lfs pull"},
    {NULL, "\x89HDF\r\n\x1a\n", 8, "an HDF5 file, as Keras writes", KERAS},
    {".keras", "PK\x03\x04", 4, "a Keras archive", KERAS},
    {".onnx", "PK\x03\x04", 4, "a zip archive", "unpack it first"},
    {NULL, "PK\x03\x04", 4, "a zip archive, such as PyTorch writes", TORCH},
    {".pt", NULL, 0, "a PyTorch file by its name", TORCH},
    {".pth", NULL, 0, "a PyTorch file by its name", TORCH},
    {".keras", NULL, 0, "a Keras file by its name", KERAS},
    {".h5", NULL, 0, "a Keras file by its name", KERAS},
    {".pb", NULL, 0, "a TensorFlow graph by its name", SAVED_MODEL},
    {".bin", NULL, 0, "the weights of an OpenVINO model by its name",
     "name the .xml file beside it"},
    {NULL, "\x1f\x8b", 2, "compressed by gzip", "unpack it first"},
};

static bool is(const struct seeming *k, const char *name, const void *bytes, size_t n)
{
    const size_t length = strlen(name), ending = k->ending ? strlen(k->ending) : 0;
    return length >= ending && (!k->ending || !strcmp(name + length - ending, k->ending)) &&
           n >= k->n && (!k->begin || !memcmp(bytes, k->begin, k->n));
}

enum th_status th_unknown_format(struct th_ctx *ctx, const struct th_loc *loc, const char *name,
                                 const void *bytes, size_t n)
{
    const struct seeming *found = NULL;
    struct th_str s;
    for (size_t i = 0; i < TH_ARRAY_LEN(seemings) && !found && n; i++)
        if (is(&seemings[i], name, bytes, n))
            found = &seemings[i];
    if (!n)
        th_error(ctx, loc, 2003, "the file is empty");
    else
        th_error(ctx, loc, 2003, "no frontend recognises this file of %zu bytes%s%s", n,
                 found ? ": it is " : "", found ? found->what : "");
    if (found)
        th_help(ctx, 2003, "%s", found->help);
    th_str_init(&s);
    for (uint32_t i = 0; i < th_frontend_count(ctx); i++)
        th_str_addf(&s, "%s%s", i ? ", " : "", th_frontend_at(ctx, i)->name);
    th_help(ctx, 2003, "formats that can be read: %s",
            s.len ? s.s : "none (no frontend is loaded)");
    th_str_release(&s);
    return TH_ERR_INPUT;
}

enum th_status th_model_is_folder(struct th_ctx *ctx, const char *path, bool saved_model)
{
    th_error(ctx, NULL, 2003, "'%s' is a folder%s, not a model file", path,
             saved_model ? " with a TensorFlow SavedModel" : "");
    if (saved_model)
        th_help(ctx, 2003, "%s", SAVED_MODEL);
    return TH_ERR_IO;
}
