/* SPDX-License-Identifier: 0BSD */
/* What the integer forms of recurrent layers share. The including file defines THK_A (activations)
 * and THK_NARROW (1: they have 8 bits). Sums of row k: `scale` has multiplier and shift for w, then
 * for r; `offset` what the zero point of x adds, or NULL. */
#include "thk_sequence_int.h"

#if THK_NARROW
#define THK_DOT thk_sequence_dot_s8
#define THK_SEEN(v) thk_sequence_seen8(v)
#define THK_UP 256
#else
#define THK_DOT thk_sequence_dot_s16
#define THK_SEEN(v) (int16_t)(v)
#define THK_UP 1
#endif

/* The sum of row k over x (of r and v), with the bias. */
#define THK_NOW(k)                                                                             \
    (THK_DOT(w + (ptrdiff_t)(k) * p->inputs, row, p->inputs, offset ? offset[k] : 0,           \
             scale + 4 * (k)) + thk_sequence_bias(b, k))
#define THK_PAST(k, v)                                                                         \
    (THK_DOT(r + (ptrdiff_t)(k) * n, v, n, 0, scale + 4 * (k) + 2) + thk_sequence_bias(rb, k))
#define THK_SIGMOID(sum) thk_sigmoid16(table, thk_sequence_argument(p, sum))
#define THK_TANH(sum) thk_tanh16(table, thk_sequence_argument(p, sum))
