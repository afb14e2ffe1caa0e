/* SPDX-License-Identifier: Apache-2.0 */
/* Calibration and test data: arrays (.npy, .npz) and folders of images, as a model's inputs. */
#ifndef TH_DRIVER_DATASET_H
#define TH_DRIVER_DATASET_H

#include <thimble/thimble.h>

#define TH_DATASET_CHANNELS 4

enum th_image_fit { TH_FIT_STRETCH, TH_FIT_CROP };

/* What is done to pixels and elements on their way to the input: (v - mean[c]) / scale[c]. */
struct th_preprocess {
    double mean[TH_DATASET_CHANNELS], scale[TH_DATASET_CHANNELS];
    uint32_t n_mean, n_scale;      /* 0: none; 1: of all channels */
    bool bgr;                      /* images: blue first */
    enum th_image_fit fit;
};

/* Samples of function f. `where`: a path for each input, separated by ','; one .npz may hold all.
 * Nothing in the files is trusted. Everything lives in the context's arena. Reports. */
enum th_status th_dataset_open(struct th_ctx *ctx, const struct th_graph *f, const char *where,
                               const struct th_preprocess *pre, struct th_samples *out);
/* One whole number an entry. Reports. */
enum th_status th_dataset_labels(struct th_ctx *ctx, const char *path, int64_t *n,
                                 const int32_t **labels);

/* ---- parts ----------------------------------------------------------------------------------- */
/* All PNG and JPEG images of a folder (its subfolders too, one level), in order of their names, as
 * u8[n, height, width, channels] with 1, 3 or 4 channels. Reports. */
enum th_status th_images_read(struct th_ctx *ctx, const char *folder, int64_t height,
                              int64_t width, int64_t channels, const struct th_preprocess *pre,
                              struct th_tensor **out);
/* Decodes one image, rescaled, into height * width * channels bytes. Reports. */
enum th_status th_image_decode(struct th_ctx *ctx, const char *name, const void *bytes, size_t len,
                               int64_t height, int64_t width, int64_t channels,
                               const struct th_preprocess *pre, uint8_t *out);
/* The arrays of an .npz file with their names (without ".npy"), in the file's order. Reports. */
struct th_named_array {
    const char *name;
    struct th_tensor *data;
};
enum th_status th_npz_read(struct th_ctx *ctx, const char *path, struct th_arena *arena,
                           struct th_named_array **out, uint32_t *n);

#endif
