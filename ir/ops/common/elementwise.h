/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drivers of elementwise records: an op's file gives the rule for one element, these give shapes,
 * broadcasting, tables and windows.
 */
#ifndef IR_OPS_COMMON_ELEMENTWISE_H
#define IR_OPS_COMMON_ELEMENTWISE_H

#include <thimble/elementwise.h>

/* Type masks. */
#define TH_EW_FLOAT TH_DT_BIT(TH_DT_F32)
#define TH_EW_INT (TH_DT_BIT(TH_DT_S32) | TH_DT_BIT(TH_DT_S64))
#define TH_EW_ANY_INT                                                                          \
    (TH_EW_INT | TH_DT_QUANTS | TH_DT_BIT(TH_DT_U16) | TH_DT_BIT(TH_DT_U32) |                  \
     TH_DT_BIT(TH_DT_U64))
#define TH_EW_REAL (TH_DT_BIT(TH_DT_F32) | TH_DT_BIT(TH_DT_F64))
#define TH_EW_NUMBER (TH_EW_REAL | TH_EW_ANY_INT)
#define TH_EW_BOOL TH_DT_BIT(TH_DT_BOOL)

extern const char *const th_ew_contracts[];

/*
 * One element. real: floats, and 8-bit quantized types through a table of real results when quant
 * is NULL. real64: doubles. quant: stored integer to stored integer, exact. integer: types without
 * scales; the result is reduced to the type. A NULL rule means that the type is refused.
 */
struct th_unary_rule {
    float (*real)(const struct th_inst *c, float x);
    double (*real64)(const struct th_inst *c, double x);
    int64_t (*integer)(const struct th_inst *c, int64_t x);
    int64_t (*quant)(const struct th_inst *c, int64_t x);
    uint32_t real_types;      /* quantized types beyond 8 bits that real serves */
    struct th_quant_param out8, out16;   /* parameters that results must have; scale 0: any */
    float in16_most;          /* greatest scale of 16-bit operands; 0: any */
};
/* th_ew_verify, and what the rule demands. */
enum th_status th_ew_verify_unary(const struct th_inst *c, const struct th_unary_rule *r);
/* The quant slots: what the rules and the port tables say. */
bool th_ew_quant_unary(const struct th_inst *c, const struct th_unary_rule *r,
                       struct th_quant_rule *q);
enum th_status th_ew_eval_unary(const struct th_inst *c, struct th_eval *e,
                                const struct th_unary_rule *r);

/* natural: u64 where the signed rule would give something else. */
struct th_binary_rule {
    float (*real)(const struct th_inst *c, float a, float b);
    double (*real64)(const struct th_inst *c, double a, double b);
    uint64_t (*natural)(const struct th_inst *c, uint64_t a, uint64_t b);
    int64_t (*integer)(const struct th_inst *c, int64_t a, int64_t b);
    int64_t (*quant)(const struct th_binary_quant *q, int64_t a, int64_t b);
    void (*prepare)(const struct th_inst *c, struct th_binary_quant *q);
    bool clamp;               /* act_min, act_max apply to real and integer results */
    bool same_quant;          /* quantized operands and results share their parameters */
    bool onnx;                /* quant has a rule for contract "onnx", for 8 bits alone */
};
enum th_status th_ew_verify_binary(const struct th_inst *c, const struct th_binary_rule *r);
/* The sum of contract "onnx". */
int64_t th_ew_even_sum(const struct th_binary_quant *q, int64_t a, int64_t b);
bool th_ew_quant_binary(const struct th_inst *c, const struct th_binary_rule *r,
                        struct th_quant_rule *q);
enum th_status th_ew_eval_binary(const struct th_inst *c, struct th_eval *e,
                                 const struct th_binary_rule *r);

/* Output of the broadcast shape of all operands. dtype and quantization: as declared, otherwise
 * those of operand 0 (infer), or bool without quantization (infer_bool). */
enum th_status th_ew_infer(struct th_inst *c);
enum th_status th_ew_infer_bool(struct th_inst *c);
/* Operands (and with same_out the output) of one dtype; scales where the dtype needs them. */
enum th_status th_ew_verify_same(const struct th_inst *c, bool same_out);
enum th_status th_ew_verify(const struct th_inst *c);
enum th_status th_ew_verify_operands(const struct th_inst *c);
bool th_ew_window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                  struct th_window *w);
/* Any operand of the output's shape and element size. */
uint32_t th_ew_alias(const struct th_inst *c, struct th_alias *list, uint32_t max);

/* Calls fn for every output element with the indices of its operands' elements. */
typedef void th_ew_visit(void *user, int64_t out, const int64_t *in);
void th_ew_walk(const struct th_inst *c, th_ew_visit *fn, void *user);

#define TH_EW_ACT_ATTRS                                                                        \
    {.name = "act_min", .kind = TH_ATTR_FLOAT, .min = 1, .max = 0, .def_f = -INFINITY,         \
     .doc = "lower bound of the result, a real value"},                                        \
    {.name = "act_max", .kind = TH_ATTR_FLOAT, .min = 1, .max = 0, .def_f = INFINITY,          \
     .doc = "upper bound of the result, a real value"}
#define TH_EW_END {.name = NULL}

/* Rules for doubles and for u64 that are one expression of the operands. */
#define TH_EW_REAL64_UNARY(expression)                                                         \
    static double real64(const struct th_inst *c, double x)                                    \
    {                                                                                          \
        (void)c;                                                                               \
        return expression;                                                                     \
    }
#define TH_EW_REAL64_BINARY(expression)                                                        \
    static double real64(const struct th_inst *c, double a, double b)                          \
    {                                                                                          \
        (void)c;                                                                               \
        return expression;                                                                     \
    }
#define TH_EW_NATURAL(expression)                                                              \
    static uint64_t natural(const struct th_inst *c, uint64_t a, uint64_t b)                   \
    {                                                                                          \
        (void)c;                                                                               \
        return expression;                                                                     \
    }

/* A whole record of one operand, once `attrs` (or NULL) and `rule` are in scope. */
#define TH_EW_UNARY(op, text, details, mask, attr_table, more_traits)                          \
    static const struct th_port inputs[] = {                                                   \
        {"x", (mask), 0, "operand"}, {NULL, 0, 0, NULL}};                                      \
    static const struct th_port outputs[] = {                                                  \
        {"y", (mask), TH_PORT_DECLARED, "result, of the operand's shape"}, {NULL, 0, 0, NULL}};\
    static enum th_status eval(const struct th_inst *c, struct th_eval *e)                     \
    {                                                                                          \
        return th_ew_eval_unary(c, e, &rule);                                                  \
    }                                                                                          \
    static enum th_status verify(const struct th_inst *c)                                      \
    {                                                                                          \
        return th_ew_verify_unary(c, &rule);                                                   \
    }                                                                                          \
    static bool quant_rule(const struct th_inst *c, struct th_quant_rule *q)                   \
    {                                                                                          \
        return th_ew_quant_unary(c, &rule, q);                                                 \
    }                                                                                          \
    extern const struct th_op th_op_##op;                                                      \
    const struct th_op th_op_##op = {                                                          \
        .struct_size = sizeof(struct th_op), .name = #op, .summary = text, .doc = details,     \
        .inputs = inputs, .outputs = outputs, .attrs = (attr_table),                           \
        .traits = TH_TRAIT_PURE | TH_TRAIT_ELEMENTWISE | TH_TRAIT_UNARY_TABLE | (more_traits), \
        .contracts = th_ew_contracts, .infer = th_ew_infer, .verify = verify,                  \
        .eval = eval, .quant = quant_rule, .window = th_ew_window, .alias = th_ew_alias}

/* A whole record of two broadcast operands; result types are those of the operands. */
#define TH_EW_BINARY(op, text, details, mask, attr_table, more_traits)                         \
    static const struct th_port inputs[] = {{"a", (mask), 0, "left operand"},                  \
                                            {"b", (mask), 0, "right operand"},                 \
                                            {NULL, 0, 0, NULL}};                               \
    static const struct th_port outputs[] = {                                                  \
        {"y", (mask), TH_PORT_DECLARED, "result, of the broadcast shape"}, {NULL, 0, 0, NULL}};\
    static enum th_status eval(const struct th_inst *c, struct th_eval *e)                     \
    {                                                                                          \
        return th_ew_eval_binary(c, e, &rule);                                                 \
    }                                                                                          \
    static enum th_status verify(const struct th_inst *c)                                      \
    {                                                                                          \
        return th_ew_verify_binary(c, &rule);                                                  \
    }                                                                                          \
    static bool quant_rule(const struct th_inst *c, struct th_quant_rule *q)                   \
    {                                                                                          \
        return th_ew_quant_binary(c, &rule, q);                                                \
    }                                                                                          \
    extern const struct th_op th_op_##op;                                                      \
    const struct th_op th_op_##op = {                                                          \
        .struct_size = sizeof(struct th_op), .name = #op, .summary = text, .doc = details,     \
        .inputs = inputs, .outputs = outputs, .attrs = (attr_table),                           \
        .traits = TH_TRAIT_PURE | TH_TRAIT_ELEMENTWISE | (more_traits),                        \
        .contracts = th_ew_contracts, .infer = th_ew_infer, .verify = verify,                  \
        .eval = eval, .quant = quant_rule, .window = th_ew_window, .alias = th_ew_alias}

/* The same with a boolean result. */
#define TH_EW_PREDICATE(op, text, details, mask, more_traits)                                  \
    static const struct th_port inputs[] = {{"a", (mask), 0, "left operand"},                  \
                                            {"b", (mask), 0, "right operand"},                 \
                                            {NULL, 0, 0, NULL}};                               \
    static const struct th_port outputs[] = {                                                  \
        {"y", TH_EW_BOOL, 0, "1 where it holds"}, {NULL, 0, 0, NULL}};                         \
    static enum th_status eval(const struct th_inst *c, struct th_eval *e)                     \
    {                                                                                          \
        return th_ew_eval_binary(c, e, &rule);                                                 \
    }                                                                                          \
    static bool quant_rule(const struct th_inst *c, struct th_quant_rule *q)                   \
    {                                                                                          \
        return th_ew_quant_binary(c, &rule, q);                                                \
    }                                                                                          \
    extern const struct th_op th_op_##op;                                                      \
    const struct th_op th_op_##op = {                                                          \
        .struct_size = sizeof(struct th_op), .name = #op, .summary = text, .doc = details,     \
        .inputs = inputs, .outputs = outputs,                                                  \
        .traits = TH_TRAIT_PURE | TH_TRAIT_ELEMENTWISE | (more_traits),                        \
        .contracts = th_ew_contracts, .infer = th_ew_infer_bool,                               \
        .verify = th_ew_verify_operands, .eval = eval, .quant = quant_rule,                    \
        .window = th_ew_window,                                                                \
        .alias = th_ew_alias}

/* A question about one operand, once `holds` (of a double) is in scope. */
#define TH_EW_QUESTION(op, text, details, mask, attr_table)                                    \
    static const struct th_port inputs[] = {                                                   \
        {"x", (mask), 0, "operand"}, {NULL, 0, 0, NULL}};                                      \
    static const struct th_port outputs[] = {                                                  \
        {"y", TH_EW_BOOL, 0, "1 where it holds"}, {NULL, 0, 0, NULL}};                         \
    static enum th_status eval(const struct th_inst *c, struct th_eval *e)                     \
    {                                                                                          \
        const int64_t n = th_type_elems(&c->out[0]);                                           \
        for (int64_t i = 0; i < n; i++)                                                        \
            th_tensor_set_int(e->out[0], i, holds(c, th_tensor_real(e->in[0], i)));            \
        return TH_OK;                                                                          \
    }                                                                                          \
    extern const struct th_op th_op_##op;                                                      \
    const struct th_op th_op_##op = {                                                          \
        .struct_size = sizeof(struct th_op), .name = #op, .summary = text, .doc = details,     \
        .inputs = inputs, .outputs = outputs, .attrs = (attr_table),                           \
        .traits = TH_TRAIT_PURE | TH_TRAIT_ELEMENTWISE, .contracts = th_ew_contracts,          \
        .infer = th_ew_infer_bool, .eval = eval, .window = th_ew_window,                       \
        .alias = th_ew_alias}

/* Reduces an exact result to the type as two's complement arithmetic does. */
int64_t th_ew_wrap(enum th_dtype dt, int64_t v);
/* Real-valued comparison of quantized operands: both scaled to a common fixed-point scale. */
int64_t th_ew_scaled_difference(const struct th_binary_quant *q, int64_t a, int64_t b);

#endif
