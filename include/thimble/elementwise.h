/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elementwise operators: broadcasting and the integer rules of quantized arithmetic, shared by
 * the records and by kernel rows, so that both work with the same constants.
 *
 * Functions are pure; they look at an instance's operand and output types only.
 */
#ifndef THIMBLE_ELEMENTWISE_H
#define THIMBLE_ELEMENTWISE_H

#include <thimble/numeric.h>
#include <thimble/op.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The loop nest of an elementwise op over its output. Axes that can run as one are merged; a
 * stride of 0 repeats an operand. dims[rank-1] is the innermost; rank >= 1. */
#define TH_BROADCAST_MAX 3
struct th_broadcast {
    int32_t rank;
    int64_t dims[TH_MAX_RANK];
    int64_t stride[TH_BROADCAST_MAX][TH_MAX_RANK];
};
/* Of output 0 and the first n_in (at most TH_BROADCAST_MAX) operands, whose shapes must broadcast
 * to it; a stride is in elements of its operand. */
TH_API void th_broadcast_plan(const struct th_inst *c, struct th_broadcast *b);

/* True for a type whose elements stand for reals: 8 or 16 bits with scales. */
TH_API bool th_type_quantized(const struct th_type *t);

/*
 * The constants of a quantized binary op. With x = a - za, y = b - zb:
 *   add, sub:  clamp(M(M(x << shift, a) +- M(y << shift, b), out) + zo)
 *   mul:       clamp(M(x * y, out) + zo)
 *   div:       as mul, with the fixed-point reciprocal of y
 *   squared_difference: clamp(M((M(x << shift, a) - M(y << shift, b))^2, out) + zo)
 *   comparison: M(x << shift, a) OP M(y << shift, b)
 * where M rescales by the contract (th_mbqm). pot (16-bit add and sub with scales that are powers
 * of two): clamp(saturate(D(a, pot_a) +- D(b, pot_b))), D dividing by 2^n, ties away from zero.
 */
struct th_binary_quant {
    int32_t za, zb, zo, shift;
    struct th_multiplier a, b, out;
    int32_t lo, hi;
    bool single, pot;
    int32_t pot_a, pot_b;
    /* Contract "onnx", 8-bit. Sums: (a - za) * a.m + (b - zb) * b.m, shifted right by `shift`,
     * halves to even; products: (a - za) * (b - zb) * factor in float, halves to even. */
    bool even;
    float factor;
};
/* Each fills q from the types of operands 0 and 1 and of output 0, all quantized per tensor, and
 * the instance's contract and activation; fields that its formula does not name are zero. */
TH_API void th_quant_add(const struct th_inst *c, struct th_binary_quant *q);
TH_API void th_quant_sub(const struct th_inst *c, struct th_binary_quant *q);
TH_API void th_quant_mul(const struct th_inst *c, struct th_binary_quant *q);
TH_API void th_quant_div(const struct th_inst *c, struct th_binary_quant *q);
TH_API void th_quant_squared_difference(const struct th_inst *c, struct th_binary_quant *q);
TH_API void th_quant_compare(const struct th_inst *c, struct th_binary_quant *q);

/* The 256 entries of an 8-bit op with TH_TRAIT_UNARY_TABLE, filled by its own eval. Entry i
 * belongs to the stored byte i; table[i] is the stored byte of the result. Reports and fails
 * when a type has no 8 bits, or when eval fails. */
TH_API enum th_status th_unary_table(const struct th_inst *c, unsigned char table[256]);

/* 16-bit logistic and tanh: x * mult + round >> shift gives the position in the sigmoid table
 * (th_sigmoid_table), and the result is interpolated. */
struct th_sigmoid16 {
    int32_t mult, shift;
};
/* Up to this scale x * mult fits 32 bits: 65535 / (3 * 4096), rounded down. */
#define TH_SIGMOID16_SCALE 5.3329f
TH_API struct th_sigmoid16 th_sigmoid16_make(const struct th_inst *c, bool is_tanh);
/* Entry i (0..255) of the table of sigmoid(i / 24) in 0.16 that 16-bit kernels interpolate. */
TH_API uint16_t th_sigmoid_entry(int i);

#ifdef __cplusplus
}
#endif
#endif
