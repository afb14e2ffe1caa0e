/* SPDX-License-Identifier: 0BSD */
/* Geometry of convolutions of volumes. */
#ifndef THK_VOLUME_H
#define THK_VOLUME_H

#include <stddef.h>
#include <stdint.h>

struct thk_volume {
    int32_t batch, in_d, in_h, in_w, in_c, out_d, out_h, out_w, out_c, groups;
    int32_t kernel_d, kernel_h, kernel_w, stride_d, stride_h, stride_w;
    int32_t dilation_d, dilation_h, dilation_w, pad_d, pad_h, pad_w;
};

#endif
