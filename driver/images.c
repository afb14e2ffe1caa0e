/* SPDX-License-Identifier: Apache-2.0 */
/* PNG and JPEG images as arrays: decoding by their libraries, resampling here. */
#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "driver/dataset.h"
#include "ir/base/files.h"

#ifdef HAVE_LIBPNG
#include <png.h>
#endif
#ifdef HAVE_LIBJPEG
#include <jpeglib.h>
#endif

enum { CODE_IMAGE = 2002, CODE_FOLDER = 2006 };
#define MAX_PIXELS ((int64_t)1 << 26)
#define MAX_SIDE 32768
#define MAX_FILE_BYTES ((size_t)1 << 28)
#define MAX_IMAGES 100000

/* A decoded image; pixels are malloc'ed. */
struct picture {
    int64_t height, width, channels;
    uint8_t *pixels;
};

static enum th_status bad(struct th_ctx *ctx, const char *name, const char *why)
{
    struct th_loc loc = TH_LOC_NONE;
    loc.file = name;
    th_error(ctx, &loc, CODE_IMAGE, "not an image that can be read: %s", why);
    return TH_ERR_INPUT;
}

static const char *no_room(struct picture *p, int64_t height, int64_t width, int64_t channels)
{
    if (height < 1 || width < 1 || height > MAX_SIDE || width > MAX_SIDE ||
        height > MAX_PIXELS / width)
        return "more than 32768 rows or columns, more than 2^26 pixels, or none";
    *p = (struct picture){height, width, channels,
                          malloc((size_t)height * (size_t)width * (size_t)channels)};
    return p->pixels ? NULL : "memory exhausted";
}

#ifdef HAVE_LIBPNG
static const char *decode_png(const void *bytes, size_t len, int64_t channels, struct picture *p)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&image, bytes, len))
        return "broken PNG";
    image.format = channels == 1   ? PNG_FORMAT_GRAY
                   : channels == 3 ? PNG_FORMAT_RGB
                                   : PNG_FORMAT_RGBA;
    const char *why = no_room(p, image.height, image.width, channels);
    const png_color white = {255, 255, 255};
    if (!why && !png_image_finish_read(&image, &white, p->pixels, 0, NULL))
        why = "broken PNG";
    png_image_free(&image);
    return why;
}
#endif

#ifdef HAVE_LIBJPEG
struct jpeg_trap {
    struct jpeg_error_mgr base;
    jmp_buf back;
};

static void jpeg_failed(j_common_ptr c)
{
    struct jpeg_trap *t = (struct jpeg_trap *)c->err;
    longjmp(t->back, 1);
}

static void jpeg_silent(j_common_ptr c, int level)
{
    (void)c;
    (void)level;
}

/* All that may change between setjmp and longjmp lies behind pointers. */
static const char *jpeg_rows(struct jpeg_decompress_struct *d, struct jpeg_trap *trap,
                             const void *bytes, size_t len, int64_t channels, struct picture *p)
{
    if (setjmp(trap->back))
        return "broken JPEG";
    jpeg_create_decompress(d);
    jpeg_mem_src(d, bytes, (unsigned long)len);
    jpeg_read_header(d, TRUE);
    d->out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    d->mem->max_memory_to_use = 256L << 20;
    const char *why = no_room(p, d->image_height, d->image_width, channels == 1 ? 1 : 3);
    if (why)
        return why;
    jpeg_start_decompress(d);
    while (d->output_scanline < d->output_height) {
        JSAMPROW row = p->pixels + (size_t)d->output_scanline * (size_t)(p->width * p->channels);
        jpeg_read_scanlines(d, &row, 1);
    }
    jpeg_finish_decompress(d);
    return NULL;
}

static const char *decode_jpeg(const void *bytes, size_t len, int64_t channels, struct picture *p)
{
    struct jpeg_decompress_struct d = {0};
    struct jpeg_trap trap;
    d.err = jpeg_std_error(&trap.base);
    trap.base.error_exit = jpeg_failed;
    trap.base.emit_message = jpeg_silent;
    const char *why = jpeg_rows(&d, &trap, bytes, len, channels, p);
    jpeg_destroy_decompress(&d);
    return why;
}
#endif

static const char *decode(const void *bytes, size_t len, int64_t channels, struct picture *p)
{
    const unsigned char *b = bytes;
    if (len > 8 && !memcmp(b, "\x89PNG\r\n\x1a\n", 8))
#ifdef HAVE_LIBPNG
        return decode_png(bytes, len, channels, p);
#else
        return "this thimble was built without libpng";
#endif
    if (len > 3 && b[0] == 0xFF && b[1] == 0xD8 && b[2] == 0xFF)
#ifdef HAVE_LIBJPEG
        return decode_jpeg(bytes, len, channels, p);
#else
        return "this thimble was built without libjpeg";
#endif
    (void)channels;
    (void)p;
    return "neither PNG nor JPEG";
}

/* ---- resampling ------------------------------------------------------------------------------ */

/* One axis: pixel o of n takes the input around (o + 1/2) * size / n - 1/2 with a triangle that is
 * as wide as the step, so that shrinking averages. */
static double tap(double center, double reach, int64_t i)
{
    const double d = fabs((double)i - center) / reach;
    return d < 1 ? 1 - d : 0;
}

struct axis {
    int64_t from, size, n;      /* the part of the input that is shown, and outputs */
};

static void resample(const double *in, int64_t in_step, struct axis a, double *out,
                     int64_t out_step)
{
    const double step = (double)a.size / (double)a.n, reach = step > 1 ? step : 1;
    for (int64_t o = 0; o < a.n; o++) {
        const double center = ((double)o + 0.5) * step - 0.5;
        int64_t lo = (int64_t)floor(center - reach), hi = (int64_t)ceil(center + reach);
        lo = lo < 0 ? 0 : lo;
        hi = hi > a.size - 1 ? a.size - 1 : hi;
        double sum = 0, weight = 0;
        for (int64_t i = lo; i <= hi; i++) {
            const double w = tap(center, reach, i);
            sum += w * in[(a.from + i) * in_step];
            weight += w;
        }
        out[o * out_step] = weight > 0 ? sum / weight : in[a.from * in_step];
    }
}

/* The part of the picture that has the wanted proportions, or all of it. */
static void choose_part(const struct picture *p, int64_t height, int64_t width,
                        enum th_image_fit fit, struct axis *y, struct axis *x)
{
    *y = (struct axis){0, p->height, height};
    *x = (struct axis){0, p->width, width};
    if (fit != TH_FIT_CROP)
        return;
    const double wanted = (double)height / (double)width;
    if ((double)p->height > wanted * (double)p->width)
        y->size = (int64_t)fmax(1, floor(wanted * (double)p->width + 0.5));
    else
        x->size = (int64_t)fmax(1, floor((double)p->height / wanted + 0.5));
    y->size = y->size < p->height ? y->size : p->height;
    x->size = x->size < p->width ? x->size : p->width;
    y->from = (p->height - y->size) / 2;
    x->from = (p->width - x->size) / 2;
}

/* One channel plane at a time, rows first. */
static bool rescale(const struct picture *p, int64_t height, int64_t width,
                    enum th_image_fit fit, uint8_t *out)
{
    struct axis y, x;
    choose_part(p, height, width, fit, &y, &x);
    double *row = calloc((size_t)p->width, sizeof *row);
    double *mid = calloc((size_t)p->height * (size_t)width, sizeof *mid);
    double *col = calloc((size_t)height, sizeof *col);
    const bool ok = row && mid && col;
    for (int64_t c = 0; ok && c < p->channels; c++) {
        for (int64_t r = 0; r < p->height; r++) {
            for (int64_t i = 0; i < p->width; i++)
                row[i] = p->pixels[(r * p->width + i) * p->channels + c];
            resample(row, 1, x, mid + r * width, 1);
        }
        for (int64_t i = 0; i < width; i++) {
            resample(mid + i, width, y, col, 1);
            for (int64_t r = 0; r < height; r++)
                out[(r * width + i) * p->channels + c] =
                    (uint8_t)fmin(255, fmax(0, floor(col[r] + 0.5)));
        }
    }
    free(row);
    free(mid);
    free(col);
    return ok;
}

/* JPEG has no alpha: pixels of three channels become four, opaque. */
static void spread(uint8_t *out, int64_t pixels)
{
    for (int64_t i = pixels - 1; i >= 0; i--) {
        const uint8_t rgb[3] = {out[3 * i], out[3 * i + 1], out[3 * i + 2]};
        memcpy(out + 4 * i, rgb, 3);
        out[4 * i + 3] = 255;
    }
}

enum th_status th_image_decode(struct th_ctx *ctx, const char *name, const void *bytes, size_t len,
                               int64_t height, int64_t width, int64_t channels,
                               const struct th_preprocess *pre, uint8_t *out)
{
    struct picture p = {0};
    const char *why = decode(bytes, len, channels, &p);
    if (!why && p.height == height && p.width == width)
        memcpy(out, p.pixels, (size_t)(height * width * p.channels));
    else if (!why && !rescale(&p, height, width, pre->fit, out))
        why = "memory exhausted";
    if (!why && channels == 4 && p.channels == 3)
        spread(out, height * width);
    for (int64_t i = 0; !why && pre->bgr && channels >= 3 && i < height * width; i++) {
        const uint8_t red = out[channels * i];
        out[channels * i] = out[channels * i + 2];
        out[channels * i + 2] = red;
    }
    free(p.pixels);
    return why ? bad(ctx, name, why) : TH_OK;
}

/* ---- folders --------------------------------------------------------------------------------- */

struct paths {
    struct th_arena *arena;
    const char **list;
    uint32_t n, cap;
};

static bool is_image(const char *name)
{
    static const char *const ends[] = {".png", ".jpg", ".jpeg"};
    const size_t len = strlen(name);
    for (size_t i = 0; i < TH_ARRAY_LEN(ends); i++) {
        const size_t n = strlen(ends[i]);
        size_t k = 0;
        while (len > n && k < n && tolower((unsigned char)name[len - n + k]) == ends[i][k])
            k++;
        if (len > n && k == n)
            return true;
    }
    return false;
}

static bool add_path(struct paths *p, const char *path)
{
    if (p->n == p->cap) {
        const uint32_t cap = p->cap ? 2 * p->cap : 256;
        const char **list = TH_NEW_ARRAY(p->arena, const char *, cap);
        if (!list || cap > 2 * MAX_IMAGES)
            return false;
        if (p->n)
            memcpy(list, p->list, p->n * sizeof *list);
        p->list = list;
        p->cap = cap;
    }
    p->list[p->n++] = path;
    return true;
}

static bool list_folder(struct paths *p, const char *folder, unsigned depth)
{
    DIR *d = opendir(folder);
    bool ok = d != NULL;
    for (struct dirent *e; ok && (e = readdir(d)) != NULL;) {
        struct stat st;
        if (e->d_name[0] == '.')
            continue;
        const char *path = th_arena_printf(p->arena, "%s/%s", folder, e->d_name);
        ok = path != NULL;
        if (!ok || stat(path, &st))
            continue;
        if (S_ISDIR(st.st_mode) && depth == 0)
            ok = list_folder(p, path, 1);
        else if (S_ISREG(st.st_mode) && is_image(e->d_name))
            ok = add_path(p, path);
    }
    if (d)
        closedir(d);
    return ok;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum th_status th_images_read(struct th_ctx *ctx, const char *folder, int64_t height,
                              int64_t width, int64_t channels, const struct th_preprocess *pre,
                              struct th_tensor **out)
{
    struct paths p = {.arena = th_ctx_arena(ctx)};
    if (!list_folder(&p, folder, 0) || p.n == 0) {
        th_error(ctx, NULL, CODE_FOLDER, "folder '%s' has no PNG or JPEG images", folder);
        return TH_ERR_INPUT;
    }
    qsort(p.list, p.n, sizeof *p.list, by_name);
    const struct th_type type = th_type_make(TH_DT_U8, 4,
                                             (const int64_t[]){p.n, height, width, channels});
    int64_t bytes;
    struct th_tensor *t = th_type_bytes(&type, &bytes) ? th_tensor_new(p.arena, &type) : NULL;
    if (!t) {
        th_error(ctx, NULL, 0, "memory exhausted by %u images", p.n);
        return TH_ERR_INTERNAL;
    }
    enum th_status status = TH_OK;
    for (uint32_t i = 0; i < p.n; i++) {
        struct th_blob *file = NULL;
        enum th_status s = th_file_map(ctx, p.list[i], MAX_FILE_BYTES, &file);
        if (s == TH_OK)
            s = th_image_decode(ctx, p.list[i], th_blob_data(file), th_blob_size(file), height,
                                width, channels, pre,
                                (uint8_t *)t->data + (size_t)i * (size_t)(height * width *
                                                                          channels));
        th_blob_unref(file);
        status = s == TH_OK ? status : s;
    }
    *out = t;
    return status;
}
