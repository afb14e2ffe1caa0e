/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fronts of memory against MACs for networks others have published fronts of, from one search with
 * either count: as msf-CNN counts (a chain of layers, image and final output free), and honestly
 * (residuals, mean and classifier, everything alive). Writes docs/memory-fronts.md.
 */
#include "tests/unit/fuse_nets.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MARKS 7
static const int64_t marks[MARKS] = {1000, 1050, 1100, 1200, 1300, 1500, 3000};

struct network {
    const char *name, *title;
    int64_t published[MARKS];      /* msf-CNN's front at these F */
    int64_t least;                 /* its smallest figure, in thousandths of F: at */
    int64_t at;
};
static const struct network networks[] = {
    {"mbv2_035", "MobileNetV2 0.35, 144x144",
     {181440, 73104, 67905, 67905, 21288, 15340, 7887}, 7887, 1680},
    {"mcunet_vww", "MCUNet-VWW, 80x80",
     {89600, 32792, 32792, 26128, 17760, 13376, 12000}, 12000, 1960},
    {"mcunet_320k", "MCUNet-320K, 176x176",
     {247808, 190096, 190096, 186736, 186032, 94184, 42643}, 42643, 2690},
};

/* One count: the form of the network, and what is allowed. */
struct count {
    const char *title;
    bool whole_network;            /* residuals, mean, classifier */
    struct th_fuse_options o;
};
static const struct count as_msf[] = {
    {"whole rows", false, {.free_ends = true, .planes = true, .rows_only = true}},
    {"runs of columns", false, {.free_ends = true, .planes = true}},
    {"with channel slices", false, {.free_ends = true, .planes = true, .slices = true}},
};
static const struct count honest[] = {
    {"image in memory, whole rows", true, {.planes = true, .rows_only = true}},
    {"image in memory", true, {.planes = true}},
    {"rows pushed, whole rows", true, {.feed = true, .planes = true, .rows_only = true}},
    {"rows pushed", true, {.feed = true, .planes = true}},
    {"rows pushed, with channel slices", true, {.feed = true, .planes = true, .slices = true}},
};

static const struct th_fuse_point *least(const struct th_fuse_front *f, int64_t permille)
{
    const struct th_fuse_point *best = NULL;
    for (uint32_t i = 0; i < f->n_points; i++)
        if (f->points[i].macs * 1000 <= f->base_macs * permille &&
            (!best || f->points[i].peak < best->peak))
            best = &f->points[i];
    return best;
}

static void print_mark(int64_t permille)
{
    if (permille >= 3000)
        printf("| free ");
    else
        printf("| %" PRId64 ".%02" PRId64 " ", permille / 1000, permille % 1000 / 10);
}

/* A figure, with the F it is reached at where that is less than the row's. */
static void print_point(const struct th_fuse_front *f, int64_t permille)
{
    const struct th_fuse_point *p = least(f, permille);
    int64_t at = (p->macs * 1000 + f->base_macs / 2) / f->base_macs;
    printf("| %" PRId64, p->peak);
    if (at > 1000)
        printf(" (%" PRId64 ".%03" PRId64 ")", at / 1000, at % 1000);
    printf(" ");
}

static bool print_table(const struct network *n, const struct count *counts, size_t n_counts,
                        bool published)
{
    struct th_fuse_front f[TH_ARRAY_LEN(honest)];
    struct th_arena *arena = th_arena_new(0);
    bool ok = arena != NULL;
    printf("| F at most ");
    for (size_t c = 0; c < n_counts && ok; c++) {
        struct fuse_builder b;
        fuse_network(&b, arena, n->name, counts[c].whole_network, counts[c].whole_network);
        ok = th_fuse_search(&b.net, &counts[c].o, arena, &f[c]) == TH_OK;
        printf("| %s ", counts[c].title);
    }
    printf(published ? "| msf-CNN |\n|" : "|\n|");
    for (size_t c = 0; c < n_counts + 1 + published; c++)
        printf("---|");
    printf("\n");
    for (int m = 0; m < MARKS && ok; m++) {
        print_mark(marks[m]);
        for (size_t c = 0; c < n_counts; c++)
            print_point(&f[c], marks[m]);
        if (published && marks[m] == 3000)
            printf("| %" PRId64 " (%" PRId64 ".%03" PRId64 ") ", n->least, n->at / 1000,
                   n->at % 1000);
        else if (published)
            printf("| %" PRId64 " ", n->published[m]);
        printf("|\n");
    }
    printf("\n");
    if (arena)
        th_arena_free(arena);
    return ok;
}

static const char intro[] =
    "# Memory against multiplications\n\n"
    "Written by `make fronts`. The search of `plan/fuse.h` on networks for which other fronts are "
    "published. Figures are bytes of activations alive at once, int8, in brackets the factor F of "
    "multiplications against the layer-by-layer form where it is above 1; kernel scratch and "
    "alignment are not in them.\n\n"
    "\"whole rows\": fused operations hand on whole rows. Otherwise they hand on runs of 1, 2, 4 "
    "columns or a row, whatever suffices. \"channel slices\": expansion, depthwise and projection "
    "may also run one expanded channel at a time, with int32 sums of the outputs.\n\n";

int main(int argc, char **argv)
{
    const char *only = argc == 3 && !strcmp(argv[1], "--count") ? argv[2] : "";
    bool ok = true;
    if ((argc != 1 && !*only) || (*only && strcmp(only, "msf") && strcmp(only, "honest"))) {
        fprintf(stderr, "usage: fronts [--count msf|honest]\n");
        return 2;
    }
    printf("%s", intro);
    if (strcmp(only, "honest")) {
        printf("## As msf-CNN counts\n\nA chain of layers without residuals; image and final "
               "output are not counted. The last column is msf-CNN's published front.\n\n");
        for (size_t i = 0; i < TH_ARRAY_LEN(networks) && ok; i++) {
            printf("%s\n\n", networks[i].title);
            ok = print_table(&networks[i], as_msf, TH_ARRAY_LEN(as_msf), true);
        }
    }
    if (strcmp(only, "msf")) {
        printf("## Everything counted\n\nThe same networks with their residuals, the mean and a "
               "classifier of 1000 classes; image, residuals, sums and outputs included.\n\n");
        for (size_t i = 0; i < TH_ARRAY_LEN(networks) && ok; i++) {
            printf("%s\n\n", networks[i].title);
            ok = print_table(&networks[i], honest, TH_ARRAY_LEN(honest), false);
        }
    }
    return ok ? 0 : 70;
}
