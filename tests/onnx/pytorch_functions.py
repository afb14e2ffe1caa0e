# SPDX-License-Identifier: Apache-2.0
"""Functions of torch and torch.nn.functional for pytorch.py, in awkward sizes."""
import math

import torch
import torch.nn.functional as F

from pytorch_row import Table, b, d, f, group, i, near, pos, t

CIRCULAR = "the exporter's left side ends one element too early"
LOST = "written without a sum: of what goes to one place, the last counts"
SIGNS = "the power is taken of differences with their signs"
FLOOR = "written as a division that truncates"
ROWS = Table()
function = ROWS.function
layer = ROWS.layer

ROWS.family("products")
for left, right in (((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 1)),
                    ((1, 3), (3, 4)), ((2, 4, 3), (3,)), ((3,), (2, 3, 4)), ((2, 4, 3), (3, 5)),
                    ((4, 3), (2, 3, 5)), ((2, 4, 3), (2, 3, 5)), ((1, 4, 3), (2, 3, 5)),
                    ((2, 1, 4, 3), (5, 3, 2)), ((5, 4, 3), (2, 1, 3, 2)),
                    ((2, 1, 2, 4, 3), (3, 1, 3, 2)), ((1, 1), (1, 1)), ((2, 3, 4, 5), (5,))):
    key = "_".join("x".join(map(str, s)) for s in (left, right))
    function("matmul_" + key, torch.matmul, f(*left), f(*right))
    constant = torch.linspace(-1, 1, math.prod(right)).reshape(right)
    function("matmul_const_" + key, lambda x, c=constant: x @ c, f(*left))
    constant = torch.linspace(-1, 1, math.prod(left)).reshape(left)
    function("matmul_left_" + key, lambda x, c=constant: c @ x, f(*right))
function("mm_turned", lambda x, y: x.t() @ y.t(), f(3, 2), f(4, 3))
function("matmul_turned", lambda x, y: x @ y.transpose(-1, -2), f(2, 3, 5, 4), f(2, 3, 6, 4))
function("addmm", lambda c, x, y: torch.addmm(c, x, y, beta=0.5, alpha=2.0), f(4), f(2, 3),
         f(3, 4))
function("addmm_column", torch.addmm, f(2, 1), f(2, 3), f(3, 4))
function("baddbmm", lambda c, x, y: torch.baddbmm(c, x, y, beta=0.5, alpha=-1.5), f(2, 3, 1),
         f(2, 3, 4), f(2, 4, 5))
function("bmm", torch.bmm, f(2, 3, 1), f(2, 1, 4))
function("addmv", torch.addmv, f(3), f(3, 4), f(4))
function("addr", torch.addr, f(3, 4), f(3), f(4))
function("mv", torch.mv, f(3, 4), f(4))
function("dot", torch.dot, f(5), f(5))
function("outer", torch.outer, f(3), f(4))
function("inner", torch.inner, f(2, 3), f(4, 3))
function("kron", torch.kron, f(2, 3), f(3, 2))
function("functional_linear", F.linear, f(2, 3, 4), f(5, 4), f(5))
function("functional_bilinear", F.bilinear, f(3, 4), f(3, 2), f(5, 4, 2), f(5))
function("tensordot", lambda x, y: torch.tensordot(x, y, dims=([1, 2], [0, 1])), f(2, 3, 4),
         f(3, 4, 5))
function("chain", lambda x, y, z: torch.chain_matmul(x, y, z), f(2, 3), f(3, 4), f(4, 2))
function("matrix_power", lambda x: torch.matrix_power(x, 3), f(3, 3))
function("matmul_ints", torch.matmul, i(9, 2, 3), i(9, 3, 4))
function("matmul_double", torch.matmul, d(2, 3), d(3, 4))
for equation, *shapes in (
        ("ij,jk->ik", (2, 3), (3, 4)), ("bij,bjk->bik", (2, 3, 4), (2, 4, 5)), ("ii->i", (3, 3)),
        ("ii", (3, 3)), ("ij->ji", (2, 3)), ("ij->", (2, 3)), ("ij->j", (2, 3)),
        ("i,j->ij", (2,), (3,)), ("i,i", (3,), (3,)), ("bhid,bhjd->bhij", (1, 2, 3, 4), (1, 2, 5,
            4)),
        ("...ij,...jk->...ik", (2, 1, 3, 4), (5, 4, 2)), ("bn,anm,bm->ba", (2, 3), (5, 3, 4), (2,
            4)),
        ("nchw,cd->ndhw", (1, 3, 2, 4), (3, 5)), ("bijc,bkjc->bikc", (2, 3, 4, 2), (2, 5, 4, 2)),
        ("ijk,ilm,njm,nlk,abc->", (2, 3, 2), (2, 2, 2), (2, 3, 2), (2, 2, 2), (1, 2, 1)),
        ("...i->...", (2, 3, 4)), ("ij,ij->ij", (2, 3), (2, 3)), ("bi,bi->b", (2, 3), (2, 3)),
        ("btd,dhk->bhtk", (2, 3, 4), (4, 2, 3))):
    key = "einsum_" + equation.replace("->", "_to_").replace(",", "_").replace("...", "dots_")
    function(key.rstrip("_"), lambda *x, equation=equation: torch.einsum(equation, *x),
             *[f(*s) for s in shapes])

ROWS.family("elementwise")
for name in ("abs", "acos asin atanh erfinv",
    "acosh log log2 log10 log1p sqrt rsqrt lgamma digamma",
             "asinh atan ceil cos cosh erf erfc exp exp2 expm1 floor frac neg reciprocal round",
             "sign sgn sin sinc sinh square tan trunc logit rad2deg deg2rad",
             "isfinite isnan isinf isneginf isposinf logical_not signbit positive nan_to_num"):
    for op in name.split():
        made = (near(-0.9, 0.9, 3, 5) if "acos" in name.split() else
                near(1.1, 4, 3, 5) if "acosh" in name.split() else
                near(0.1, 0.9, 3, 5) if op == "logit" else f(3, 5))
        function(op, getattr(torch, op), made)
for op in ("add sub mul div maximum minimum fmod remainder atan2 hypot floor_divide pow eq ne lt "
           "le gt ge logical_and logical_or logical_xor fmax fmin logaddexp logaddexp2 copysign "
           "heaviside true_divide nextafter xlogy float_power").split():
    call = getattr(torch, op)
    signed = op not in ("pow", "xlogy", "float_power")
    floor = FLOOR * (op == "floor_divide")
    function("%s_rows" % op, call, (f if signed else pos)(2, 3, 4), (f if signed else pos)(3, 1),
             exporter=floor)
    if op not in ("maximum", "minimum", "atan2", "hypot", "logical_and", "logical_or",
                  "logical_xor", "fmax", "fmin", "logaddexp", "logaddexp2", "heaviside",
                  "nextafter"):
        function("%s_number" % op, lambda x, call=call: call(x, 1.5), pos(5))
        if op != "copysign":
            function("%s_whole" % op, lambda x, call=call: call(x, 3), i(9, 5, low=-9),
                     exporter=floor)
    if op in ("add sub mul fmod remainder floor_divide pow eq lt div maximum logical_and").split():
        function("%s_ints" % op, call, i(9, 2, 5, low=-9 if op != "pow" else 0), i(5, 5, low=1),
                 exporter=floor)
        function("%s_small" % op, call, i(9, 2, 5, low=1, dtype=torch.int32),
                 i(5, 2, 1, low=1, dtype=torch.int32))
function("fmod_negative", lambda x: torch.fmod(x, -1.3), near(-4, 4, 7))
function("remainder_negative", lambda x: torch.remainder(x, -1.3), near(-4, 4, 7))
function("remainder_whole_negative", lambda x: torch.remainder(x, -4), i(9, 17, low=-9))
for mode in ("floor", "trunc"):
    function("div_" + mode, lambda x, y, mode=mode: torch.div(x, y, rounding_mode=mode),
             near(-4, 4, 3, 5), f(5))
    function("div_whole_" + mode, lambda x, y, mode=mode: torch.div(x, y, rounding_mode=mode),
             i(9, 3, 5, low=-9), i(4, 5, low=1))
    function("div_whole_negative_" + mode, lambda x, y, mode=mode: torch.div(
        x, y, rounding_mode=mode), i(9, 3, 5, low=-9), i(0, 5, low=-4))
    function("div_const_" + mode, lambda x, mode=mode: torch.div(x, -2, rounding_mode=mode),
             i(9, 17, low=-9))
function("floor_division", lambda x: x // 2, i(9, 17, low=-9), exporter=FLOOR)
function("floor_division_float", lambda x: x // 0.7, near(-3, 3, 9), exporter=FLOOR)
function("modulo", lambda x: x % 3, i(9, 17, low=-9))
function("modulo_float", lambda x: x % 0.7, near(-3, 3, 9))
function("rsub", lambda x: 1 - x, f(3))
function("rdiv", lambda x: 2 / x, pos(3))
function("rpow", lambda x: 2 ** x, f(3))
for e in (0, 1, 2, 3, 0.5, -1, -2, 1.5):
    function("pow_%s" % str(e).replace("-", "m").replace(".", "p"), lambda x, e=e: x ** e, pos(4))
function("pow_odd_negative", lambda x: x ** 3, f(4))
function("add_alpha", lambda x, y: torch.add(x, y, alpha=-0.7), f(3, 1), f(4))
function("rsub_alpha", lambda x, y: torch.rsub(x, y, alpha=3), i(9, 4), i(9, 4))
function("addcmul", lambda x, y, z: torch.addcmul(x, y, z, value=0.3), f(3, 4), f(3, 1), f(4))
function("addcdiv", lambda x, y, z: torch.addcdiv(x, y, z, value=0.3), f(3, 4), f(3, 1), pos(4))
function("lerp", lambda x, y: torch.lerp(x, y, 0.3), f(3, 4), f(3, 4))
function("lerp_tensor", torch.lerp, f(3, 4), f(3, 4), f(3, 4))
function("clamp", lambda x: torch.clamp(x, -0.5, 0.7), f(3, 4))
function("clamp_low", lambda x: x.clamp(min=0.1), f(3, 4))
function("clamp_high", lambda x: x.clamp_max(0.1), f(3, 4))
function("clamp_tensors", torch.clamp, f(3, 4), near(-1, 0, 4), near(0, 1, 3, 1))
function("clamp_whole", lambda x: torch.clamp(x, -2, 3), i(9, 9, low=-9))
function("clamp_crossed", lambda x: torch.clamp(x, 1.0, -1.0), f(7))
function("where", torch.where, b(3, 4), f(4), f(3, 1))
function("where_number", lambda c, x: torch.where(c, x, 0.0), b(3, 4), f(3, 4),
         exporter="a Where of a float and a double, which the standard does not have")
function("where_compare", lambda x: torch.where(x > 0, x, x * 0.1), f(3, 4))
function("masked_fill", lambda x, m: x.masked_fill(m, -1e9), f(2, 3, 4), b(3, 1))
function("masked_fill_inf", lambda x, m: x.masked_fill(~m, float("-inf")).softmax(-1), f(2, 3),
         t([[True, False, True], [True, True, False]]))
function("masked_select", torch.masked_select, f(3, 4), b(3, 4))
function("nonzero", torch.nonzero, i(2, 3, 4))
function("nan_to_num_all", lambda x: torch.nan_to_num(x, 1.0, 2.0, -3.0),
         t([float("nan"), float("inf"), float("-inf"), 0.5]))
function("isnan_some", torch.isnan, t([float("nan"), float("inf"), 1.0]))
function("isinf_some", torch.isinf, t([float("nan"), float("inf"), -float("inf"), 1.0]))
function("isclose", torch.isclose, f(4), f(4))
function("round_ties", torch.round, t([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4999]))
function("round_decimals", lambda x: torch.round(x, decimals=2), f(5))
function("sign_zero", torch.sign, t([-2.0, 0.0, 3.0]))
function("chain_compare", lambda x: ((x > -0.5) & (x < 0.5)) | (x == 0) | ~(x <= 1), f(4, 5))
function("bool_sum", lambda x: (x > 0).sum(-1), f(4, 5))
function("bool_times", lambda x, m: x * m, f(4, 5), b(4, 5))
function("bool_mean", lambda x: (x > 0).float().mean(), f(4, 5))
function("xor_bool", lambda x, y: x ^ y, b(4), b(4))
for op in ("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift",
           "bitwise_right_shift"):
    function(op, getattr(torch, op), i(99, 5), i(5, 5))
    if "shift" not in op:
        function(op + "_bool", getattr(torch, op), b(5), b(5))
function("bitwise_not", torch.bitwise_not, i(99, 5, low=-9))
function("bitwise_not_bool", torch.bitwise_not, b(5))
function("shift_left", lambda x: x << 2, i(9, 5))
function("shift_right", lambda x: x >> 2, i(99, 5))
for kind in ("float double half int long short char byte bool").split():
    function("cast_%s" % kind, lambda x, kind=kind: getattr(x, kind)(), near(0, 100, 7))
    function("cast_int_%s" % kind, lambda x, kind=kind: getattr(x, kind)(), i(100, 7))
function("cast_negative", lambda x: x.int(), near(-5, 5, 9))
function("cast_of_bool", lambda x: x.float(), b(7))
function("type_as", lambda x, y: y.type_as(x), f(3), i(9, 4))
function("mixed_types", lambda x, y: x + y * 2 - (y > 3).int(), f(5), i(9, 5))
function("mixed_double", lambda x, y: x * y, f(5), d(5))
function("half_arithmetic", lambda x: (x.half() * 3 + 0.1).float(), f(5))
function("swish", lambda x: x * torch.sigmoid(1.7 * x), f(2, 3))
function("gelu_tanh", lambda x: 0.5 * x * (1 + torch.tanh(
    math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3))), f(2, 5))
function("gelu_erf", lambda x: x * 0.5 * (1 + torch.erf(x / math.sqrt(2.0))), f(2, 5))
function("in_place", lambda x: x.mul_(2).add_(1).clamp_(min=0), f(2, 5))
function("functional_dropout", lambda x: F.dropout(x, 0.5, False), f(2, 5))

ROWS.family("reductions")
for op in ("sum mean prod amax amin logsumexp argmax argmin std var norm all any median nansum "
           "count_nonzero cumsum cumprod logcumsumexp max min").split():
    made = b(2, 3, 4) if op in ("all", "any") else f(2, 3, 4)
    call = getattr(torch, op)
    if op not in ("logsumexp", "cumsum", "cumprod", "logcumsumexp"):
        function(op + "_all", lambda x, call=call: call(x), made)
    for dim in (0, -1, -2):
        function("%s_%s" % (op, str(dim).replace("-", "m")), lambda x, call=call, dim=dim: call(
            x, dim=dim), made)
    if op not in ("count_nonzero", "cumsum", "cumprod", "logcumsumexp"):
        function(op + "_keep", lambda x, call=call: call(x, dim=1, keepdim=True), made)
    if op in ("sum", "mean", "amax", "amin", "logsumexp", "std", "var", "norm"):
        function(op + "_two", lambda x, call=call: call(x, dim=(0, -1)), made)
        function(op + "_two_keep", lambda x, call=call: call(x, dim=(-1, 1), keepdim=True), made)
    if op in ("sum", "prod", "amax", "argmax", "cumsum", "max", "min", "amin"):
        function(op + "_ints", lambda x, call=call: call(x, dim=1), i(5, 3, 4))
function("sum_bool", lambda x: x.sum(), b(3, 4))
function("sum_dtype", lambda x: x.sum(0, dtype=torch.float64), f(3, 4))
function("sum_scalar", lambda x: x.sum(), t(2.5))
function("cumsum_dtype", lambda x: x.cumsum(0, dtype=torch.float32), i(5, 3, 4))
function("var_biased", lambda x: x.var(-1, unbiased=False), f(3, 5))
function("std_biased", lambda x: x.std((0, 2), unbiased=False, keepdim=True), f(3, 5, 2))
function("std_mean", lambda x: torch.std_mean(x, 1), f(3, 5))
function("var_mean", lambda x: torch.var_mean(x, (0, 2), unbiased=False, keepdim=True), f(3, 5, 2))
for p in (1, 2, 3, 0, 0.5, math.inf, -math.inf, "fro", "nuc"):
    key = str(p).replace("-", "m").replace(".", "p")
    function("norm_order_" + key, lambda x, p=p: torch.norm(x, p, dim=(0, 1) if isinstance(
        p, str) else 1), f(3, 4))
    if not isinstance(p, str):
        function("vector_norm_" + key, lambda x, p=p: torch.linalg.vector_norm(x, p, dim=-1), f(3,
            4))
for p in ("fro", 1, math.inf, -1, 2, "nuc"):
    function("matrix_norm_%s" % str(p).replace("-", "m"), lambda x, p=p: torch.linalg.matrix_norm(
        x, p), f(2, 3, 4))
function("frobenius", lambda x: torch.linalg.norm(x), f(3, 4))
for dim in (0, 1, -1):
    key = str(dim).replace("-", "m")
    function("normalize_" + key, lambda x, dim=dim: F.normalize(x, dim=dim), f(3, 4, 2))
    function("normalize_one_" + key, lambda x, dim=dim: F.normalize(x, p=1.0, dim=dim), f(3, 4, 2))
    function("softmax_type_" + key, lambda x, dim=dim: F.softmax(x, dim, dtype=torch.float64),
             f(3, 4, 2))
    function("cummax_" + key, lambda x, dim=dim: torch.cummax(x, dim), f(3, 4, 2))
function("allclose", lambda x: (x == x).all(), f(3))
function("any_float", lambda x: torch.any(x > 1, dim=1), f(3, 4))
function("all_dims", lambda x: (x > 0).all(0).any(), f(3, 4))
function("aminmax", lambda x: torch.aminmax(x, dim=1), f(3, 4))
function("max_other", lambda x, y: torch.max(x, y), f(3, 4), f(4))
function("min_other", lambda x, y: torch.min(x, y), i(9, 3, 4), i(9, 4))
function("trace", torch.trace, f(3, 3))
function("dist", lambda x, y: torch.dist(x, y, 2), f(3), f(3))
for p in (1.0, 2.0, 3.0, math.inf):
    function("cdist_%s" % str(p).replace(".", "p"), lambda x, y, p=p: torch.cdist(
        x, y, p), f(2, 3, 4), f(2, 5, 4), exporter=SIGNS * (p != 2))
function("cdist_direct", lambda x, y: torch.cdist(
    x, y, compute_mode="donot_use_mm_for_euclid_dist"), f(3, 4), f(5, 4))
function("pdist", F.pdist, f(4, 3))
function("cosine_similarity", lambda x, y: F.cosine_similarity(x, y, dim=0), f(3, 4), f(3, 4))
function("kl_div", lambda x, y: F.kl_div(x, y, reduction="batchmean", log_target=True), f(3, 4),
    f(3, 4))

ROWS.family("order")
for largest in (True, False):
    for dim in (-1, 0):
        function("topk_%d_%d" % (largest, -dim), lambda x, largest=largest, dim=dim: torch.topk(
            x, 2, dim=dim, largest=largest), f(5, 3))
    function("sort_%d" % largest, lambda x, largest=largest: torch.sort(x, descending=largest),
             f(3, 7), exporter="TopK of the largest, whatever the order", before=10)
    function("argsort_%d" % largest, lambda x, largest=largest: torch.argsort(
        x, 0, descending=largest), f(7, 3))
function("topk_all", lambda x: x.topk(5), f(5))
function("topk_ints", lambda x: x.topk(2)[0], i(99, 3, 7))
function("sort_stable", lambda x: torch.sort(x, stable=True), t([2.0, 1.0, 2.0, 1.0]))
function("kthvalue", lambda x: torch.kthvalue(x, 2), f(3, 5))
function("msort", torch.msort, f(5, 2))
function("median_dim", lambda x: torch.median(x, 1), f(3, 5))
function("quantile", lambda x: torch.quantile(x, 0.3, dim=1), f(3, 5))
function("mode", lambda x: torch.mode(x, 1)[0], i(3, 3, 7))
function("unique", lambda x: torch.unique(x), i(5, 9))
function("bincount", lambda x: torch.bincount(x, minlength=5), i(5, 9))
function("histc", lambda x: torch.histc(x, 4, 0, 1), near(0, 1, 9))
function("searchsorted", torch.searchsorted, t([0.1, 0.5, 0.9]), near(0, 1, 7))
function("bucketize", torch.bucketize, near(0, 1, 3, 4), t([0.1, 0.5, 0.9]))
function("argmax_soft", lambda x: (x.softmax(-1) * torch.arange(5.0)).sum(-1), f(3, 5))

ROWS.family("indexing")
TABLE = torch.arange(12.0).reshape(4, 3)
function("gather_0", lambda x, k: torch.gather(x, 0, k), f(4, 3), i(4, 2, 3))
function("gather_1", lambda x, k: x.gather(-1, k), f(2, 3, 5), i(5, 2, 3, 1),
         exporter="the axis is written as one in front of the first", before=11)
function("gather_const", lambda x: x.gather(1, torch.tensor([[1, 0], [2, 2]])), f(2, 3))
function("take_along", lambda x, k: torch.take_along_dim(x, k, 1), f(4, 3), i(3, 4, 2))
function("take", lambda x, k: torch.take(x, k), f(4, 3), i(12, 2, 2))
function("index_select", lambda x, k: torch.index_select(x, -2, k), f(2, 4, 3), i(4, 5))
function("index_select_const", lambda x: x.index_select(0, torch.tensor([2, 0])), f(4, 3))
function("index_one", lambda x, k: x[k], f(4, 3), i(4, 2, 5))
function("index_two", lambda x, k, l: x[k, l], f(4, 3, 2), i(4, 5), i(3, 5))
function("index_outer", lambda x, k, l: x[k[:, None], l], f(4, 3), i(4, 2), i(3, 5))
function("index_far", lambda x, k, l: x[k, :, l], f(4, 3, 2), i(4, 5), i(2, 5))
function("index_late", lambda x, k, l: x[:, k, l], f(2, 4, 3), i(4, 5), i(3, 5))
function("index_negative", lambda x: x[:, torch.tensor([-1, 0, -2])], f(2, 4, 3))
function("index_computed_negative", lambda x, k: x[k - 4], f(4, 3), i(4, 5))
function("index_table", lambda k: TABLE[k], i(4, 2, 3))
function("index_list", lambda x: x[[0, 2]], f(4, 3))
function("index_bool", lambda x: x[:, torch.tensor([True, False, True])], f(4, 3))
function("index_mask", lambda x: x[x > 0], f(4, 3))
function("index_none", lambda x: x[:, None, ..., None], f(4, 3))
function("index_scalar", lambda x: x[1], f(4, 3))
function("index_scalar_last", lambda x: x[..., -1], f(4, 3))
function("index_zero_d", lambda x, k: x[k], f(4, 3), i(4))
for key, part in (("rows", slice(1, 3)), ("step", slice(None, None, 2)), ("tail", slice(-2, None)),
                  ("head", slice(None, -1)), ("far", slice(1, 99)), ("stride", slice(1, -1, 3)),
                  ("one", slice(2, 3))):
    function("slice_" + key, lambda x, part=part: x[part], f(7, 3))
    function("slice_inner_" + key, lambda x, part=part: x[:, part, 1:], f(2, 7, 3))
function("slice_pair", lambda x: x[:, ::2, 1::2], f(2, 5, 6))
function("slice_focus", lambda x: torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2],
                                             x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1), f(1, 3,
                                             4, 6))
function("slice_shape", lambda x: x[:, :x.shape[1] // 2], f(3, 7))
function("slice_empty", lambda x: torch.cat([x[:0], x]), f(3, 2))
function("narrow", lambda x: x.narrow(-1, 1, 3), f(2, 5))
function("select", lambda x: x.select(1, -1), f(2, 5, 3))
function("diagonal", lambda x: torch.diagonal(x), f(4, 4))
function("diagonal_off", lambda x: torch.diagonal(x, 1, -2, -1), f(2, 4, 5))
function("diag", torch.diag, f(4))
function("diag_embed", torch.diag_embed, f(2, 3))
function("scatter", lambda x, k, y: x.scatter(1, k, y), f(3, 5), t([[0, 2], [1, 3], [4, 0]]), f(3,
    2))
function("scatter_number", lambda x, k: x.scatter(1, k, 1.5), f(3, 5), t([[0], [1], [4]]))
function("scatter_zero", lambda x, k, y: torch.scatter(x, 0, k, y), f(3, 5),
         t([[0, 2, 1, 0, 2]]), f(1, 5))
function("scatter_add", lambda x, k, y: x.scatter_add(1, k, y), f(3, 5), i(5, 3, 7), f(3, 7),
         exporter=LOST)
function("scatter_add_small", lambda x, k, y: x.scatter_add(0, k, y), f(3, 5), i(3, 2, 4), f(2, 4),
         exporter=LOST)
for reduce in ("sum", "prod", "mean", "amax", "amin"):
    for own in (True, False):
        function("scatter_reduce_%s_%d" % (reduce, own), lambda x, k, y, reduce=reduce, own=own:
                 x.scatter_reduce(0, k, y, reduce, include_self=own), f(4), i(4, 7), f(7))
function("index_add", lambda x, k, y: x.index_add(0, k, y), f(4, 3), i(4, 5), f(5, 3))
function("index_copy", lambda x, k, y: x.index_copy(1, k, y), f(2, 4), t([3, 0]), f(2, 2))
function("index_fill", lambda x, k: x.index_fill(1, k, -1.0), f(2, 4, 2), t([3, 0]))
function("index_put", lambda x, k, y: x.index_put((k,), y), f(4, 3), t([3, 0]), f(2, 3))
function("index_put_two", lambda x, k, l, y: x.index_put((k, l), y), f(4, 3), t([3, 0]),
         t([1, 2]), f(2))
function("index_put_add", lambda x, k, y: x.index_put((k,), y, accumulate=True), f(4, 3),
         t([3, 3, 0]), f(3, 3), exporter=LOST)
function("index_put_mask", lambda x: x.index_put((x > 0,), torch.tensor(0.0)), f(4, 3))


def assign(place, value=0.5):
    def call(x):
        x = x.clone()
        x[place] = value
        return x
    return call


for key, place in (("row", 1), ("slice", slice(1, 3)), ("step", slice(None, None, 2)),
                   ("element", (1, 2)), ("column", (slice(None), -1)),
                   ("inner", (slice(1, None), slice(0, 2))), ("dots", (Ellipsis, 0)),
                   ("list", ([0, 2],)), ("both", ([0, 2], [1, 1]))):
    function("assign_" + key, assign(place), f(4, 3))
function("assign_tensor", lambda x, y: assign((slice(None), slice(1, None)), y)(x), f(4, 3), f(4,
    2))
function("assign_spread", lambda x, y: assign(slice(1, 3), y)(x), f(4, 3), f(3))
function("assign_mask", lambda x: assign(x > 0, 0.0)(x), f(4, 3))
function("functional_embedding", F.embedding, i(5, 2, 3), f(5, 4))
function("embedding_bag", lambda k, w, o: F.embedding_bag(k, w, o, mode="sum"), i(5, 6), f(5, 4),
         t([0, 0, 4]))
function("one_hot", lambda k: F.one_hot(k, 5), i(5, 2, 3))
function("one_hot_times", lambda k, w: F.one_hot(k, 5).float() @ w, i(5, 2), f(5, 3))
function("argwhere", torch.argwhere, i(2, 3, 3))
function("where_one", lambda x: torch.where(x > 0), f(3, 3))
function("bincount_free", lambda k: torch.bincount(k), i(4, 6))
for n in (0, 1, -1):
    function("tril_%s" % str(n).replace("-", "m"), lambda x, n=n: torch.tril(x, n), f(2, 4, 3))
    function("triu_%s" % str(n).replace("-", "m"), lambda x, n=n: torch.triu(x, n), f(3, 5))
function("causal", lambda x: (x + torch.triu(torch.full((4, 4), float("-inf")), 1)).softmax(-1),
         f(2, 4, 4))

ROWS.family("shape")
for key, call, made in (
        ("reshape", lambda x: x.reshape(-1, 4), f(2, 3, 4)),
        ("view_same", lambda x: x.view(x.size(0), -1), f(2, 3, 4)),
        ("view_half", lambda x: x.view(*x.shape[:-1], 2, x.shape[-1] // 2), f(2, 3, 4)),
        ("flatten", lambda x: x.flatten(1, -2), f(2, 3, 4, 5)), ("ravel", torch.ravel, f(2, 3)),
        ("unflatten", lambda x: x.unflatten(-1, (2, -1)), f(3, 6)),
        ("permute", lambda x: x.permute(2, 0, -2), f(2, 3, 4)),
        ("transpose", lambda x: x.transpose(0, -1), f(2, 3, 4, 1, 2)),
        ("movedim", lambda x: torch.movedim(x, 0, -1), f(2, 3, 4)),
        ("swapaxes", lambda x: torch.swapaxes(x, 0, 1), f(2, 3, 4)),
        ("t", lambda x: x.t(), f(2, 3)), ("big_t", lambda x: x.mT, f(2, 3, 4)),
        ("squeeze", lambda x: x.squeeze(), f(1, 3, 1, 2)),
        ("squeeze_dim", lambda x: x.squeeze(-2), f(1, 3, 1, 2)),
        ("squeeze_none", lambda x: x.squeeze(1), f(1, 3, 1, 2)),
        ("unsqueeze", lambda x: x.unsqueeze(-1).unsqueeze(0), f(3, 2)),
        ("expand", lambda x: x.expand(2, -1, 4), f(3, 1)),
        ("expand_as", lambda x: x.expand_as(torch.zeros(2, 3, 4)), f(3, 1)),
        ("broadcast_to", lambda x: torch.broadcast_to(x, (2, 3, 4)), f(1, 4)),
        ("repeat", lambda x: x.repeat(2, 1, 3), f(3, 2)), ("tile", lambda x: x.tile(2, 3), f(3, 2)),
        ("tile_short", lambda x: x.tile(2), f(3, 2)), ("tile_long", lambda x: x.tile(2, 1, 2),
            f(3)),
        ("repeat_interleave", lambda x: x.repeat_interleave(3, 1), f(2, 3)),
        ("repeat_interleave_flat", lambda x: x.repeat_interleave(2), f(2, 3)),
        ("repeat_interleave_each", lambda x: x.repeat_interleave(torch.tensor([1, 0, 2]), 0), f(3,
            2)),
        ("flip", lambda x: x.flip(0, -1), f(2, 3, 4)), ("fliplr", torch.fliplr, f(2, 3)),
        ("flipud", torch.flipud, f(2, 3)), ("roll", lambda x: x.roll(2, 1), f(2, 5)),
        ("roll_two", lambda x: torch.roll(x, (-1, 4), (0, 2)), f(3, 2, 5)),
        ("roll_flat", lambda x: torch.roll(x, 3), f(2, 5)),
        ("rot90", lambda x: torch.rot90(x, 1, (0, 1)), f(2, 3)),
        ("rot180", lambda x: torch.rot90(x, 2, (1, 2)), f(2, 3, 4)),
        ("rot270", lambda x: torch.rot90(x, -1, (-2, -1)), f(2, 3, 4)),
        ("unfold", lambda x: x.unfold(1, 3, 2), f(2, 9)),
        ("unfold_last", lambda x: x.unfold(2, 4, 1).mean(-1), f(2, 3, 9)),
        ("unfold_two", lambda x: x.unfold(1, 2, 2).unfold(2, 2, 2), f(1, 4, 6)),
        ("chunk", lambda x: x.chunk(2, -1), f(2, 6)), ("chunk_uneven", lambda x: x.chunk(3, 0),
            f(7, 2)),
        ("split", lambda x: x.split(2, 1), f(2, 5)),
        ("split_sizes", lambda x: x.split([1, 3, 2], -1), f(2, 6)),
        ("split_one", lambda x: torch.split(x, 2)[1], f(5, 2)),
        ("tensor_split", lambda x: torch.tensor_split(x, 3), f(7, 2)),
        ("hsplit", lambda x: torch.hsplit(x, 2), f(2, 4)),
        ("unbind", lambda x: torch.unbind(x, 1), f(2, 3, 4)),
        ("unbind_sum", lambda x: sum(x.unbind(0)), f(3, 4)),
        ("atleast", lambda x: torch.atleast_3d(x), f(3)),
        ("pixel_shuffle", lambda x: F.pixel_shuffle(x, 2), f(1, 8, 2, 3)),
        ("shuffle", lambda x: x.view(2, 3, 2, 4, 5).transpose(1, 2).reshape(2, 6, 4, 5), f(2, 6,
            4, 5)),
        ("space_to_depth", lambda x: x.view(1, 3, 2, 2, 3, 2).permute(0, 3, 5, 1, 2, 4).reshape(
            1, 12, 2, 3), f(1, 3, 4, 6)),
        ("windows", lambda x: x.view(1, 2, 3, 2, 3, 4).permute(0, 1, 3, 2, 4, 5).reshape(
            -1, 9, 4), f(1, 6, 6, 4)),
        ("contiguous", lambda x: x.t().contiguous().view(-1), f(2, 3)),
        ("as_strided", lambda x: torch.as_strided(x, (2, 2), (1, 2)), f(9)),
        ("size_times", lambda x: x * x.shape[-1] + x.size(0), f(2, 5)),
        ("numel", lambda x: x / x.numel(), f(2, 5)), ("dims", lambda x: x + x.dim(), f(2, 5))):
    function("shape_" + key, call, made)
function("shape_chunk_more", lambda x: x.chunk(5), f(3, 2),
         exporter="parts of a negative length are written")
function("shape_unfold_negative", lambda x: x.unfold(-1, 4, 1).mean(-1), f(2, 3, 9),
         exporter="windows along a negative dimension change places with their elements")
function("cat", lambda x, y: torch.cat([x, y], -1), f(2, 3, 1), f(2, 3, 4))
function("cat_zero", lambda x, y, z: torch.cat((x, y, z)), f(1, 2), f(3, 2), f(2, 2))
function("cat_self", lambda x: torch.cat([x, x, -x], 1), f(2, 3))
function("cat_types", lambda x, y: torch.cat([x, y]), f(3), i(9, 2))
function("stack", lambda x, y: torch.stack([x, y], -1), f(2, 3), f(2, 3))
function("stack_zero", lambda x, y: torch.stack([x, y]), f(2, 3), f(2, 3))
function("hstack", lambda x, y: torch.hstack([x, y]), f(2, 3), f(2, 1))
function("vstack", lambda x, y: torch.vstack([x, y]), f(3), f(3))
function("dstack", lambda x, y: torch.dstack([x, y]), f(2, 3), f(2, 3))
function("column_stack", lambda x, y: torch.column_stack([x, y]), f(3), f(3))
function("block_diag", lambda x, y: torch.block_diag(x, y), f(2, 3), f(1, 2))
function("cartesian", lambda x, y: torch.cartesian_prod(x, y), f(2), f(3))
function("combinations", lambda x: torch.combinations(x), f(4))
for indexing in ("ij", "xy"):
    function("meshgrid_" + indexing, lambda x, y, indexing=indexing: torch.meshgrid(
        x, y, indexing=indexing), f(3), f(4))
function("meshgrid_size", lambda x: torch.stack(torch.meshgrid(
    torch.arange(x.shape[2]), torch.arange(x.shape[3]), indexing="ij"), -1) + x[0, 0, :, :, None],
    f(1, 1, 3, 4))
function("broadcast", lambda x, y: torch.broadcast_tensors(x, y), f(3, 1), f(4))

ROWS.family("making")
for key, call in (
        ("arange", lambda x: x + torch.arange(x.shape[1])),
        ("arange_step", lambda x: x + torch.arange(1, 9, 2)),
        ("arange_float", lambda x: x * torch.arange(0, 1, 0.25)),
        ("arange_size", lambda x: x.sum() + torch.arange(0, x.shape[0], 1, dtype=torch.float32)),
        ("linspace", lambda x: x + torch.linspace(-1, 2, 4)),
        ("linspace_size", lambda x: x + torch.linspace(0, 1, x.shape[1])),
        ("logspace", lambda x: x + torch.logspace(0, 1, 4)), ("eye", lambda x: x[:,
            :3] @ torch.eye(3)),
        ("eye_size", lambda x: x @ torch.eye(x.shape[1])), ("zeros", lambda x: x + torch.zeros(4)),
        ("zeros_like", lambda x: torch.cat([x, torch.zeros_like(x)])),
        ("ones_like", lambda x: x - torch.ones_like(x)), ("full", lambda x: x + torch.full((3, 1),
            2.5)),
        ("full_like", lambda x: torch.stack([x, torch.full_like(x, -1.5)])),
        ("new_zeros", lambda x: torch.cat([x, x.new_zeros(x.shape[0], 2)], 1)),
        ("new_full", lambda x: x * x.new_full((4,), 3.0)), ("new_ones",
            lambda x: x - x.new_ones(4)),
        ("new_tensor", lambda x: x + x.new_tensor([1.0, 2, 3, 4])),
        ("empty_fill", lambda x: torch.empty_like(x).fill_(2.0) * x),
        ("zero", lambda x: x.clone().zero_() + x), ("scalar", lambda x: x * torch.tensor(2)),
        ("hann", lambda x: x * torch.hann_window(4)), ("hamming",
            lambda x: x * torch.hamming_window(4)),
        ("positions", lambda x: torch.cumsum((x > 0).int(), 1) * (x > 0).int()),
        ("random", lambda x: x + torch.rand(4)), ("random_like", lambda x: torch.rand_like(x)),
        ("normal", lambda x: torch.randn_like(x) * x), ("bernoulli",
            lambda x: torch.bernoulli(x.sigmoid())),
        ("multinomial", lambda x: torch.multinomial(x.sigmoid(), 2))):
    function("make_" + key, call, f(3, 4))
function("sinusoid", lambda x: x + torch.stack([torch.sin(torch.arange(5.0)), torch.cos(
    torch.arange(5.0))], 1).reshape(-1)[:6], f(2, 6))

ROWS.family("images")
for mode in ("bilinear", "nearest", "bicubic"):
    for padding in ("zeros", "border", "reflection"):
        for corners in (False, True):
            function("grid_%s_%s_%d" % (mode, padding, corners), lambda x, g, mode=mode,
                     padding=padding, corners=corners: F.grid_sample(
                         x, g, mode, padding, corners), f(2, 3, 4, 5), near(-1.4, 1.4, 2, 3, 6, 2))
for corners in (False, True):
    function("affine_grid_%d" % corners, lambda x, corners=corners: F.affine_grid(
        x, (2, 3, 4, 5), align_corners=corners), f(2, 2, 3))
    function("spatial_transformer_%d" % corners, lambda x, y, corners=corners: F.grid_sample(
        y, F.affine_grid(x, (2, 3, 4, 5), align_corners=corners), align_corners=corners),
        f(2, 2, 3), f(2, 3, 4, 5))
for mode in ("constant", "reflect", "replicate", "circular"):
    for n in (1, 2, 3):
        if mode == "constant" or n < 3 or mode == "replicate":
            function("pad_%s%d" % (mode, n), lambda x, mode=mode, n=n: F.pad(
                x, [2, 1, 0, 3, 1, 1][:2 * n], mode), f(1, 2, *(4, 5, 6)[:n]),
                exporter=CIRCULAR * (mode == "circular"))
function("pad_batch", lambda x: F.pad(x, (0, 0, 1, 0, 0, 0, 2, 0), value=-1.0), f(2, 2, 3, 2))
function("pad_causal", lambda x: F.pad(x, (2, 0))[..., :x.shape[-1]], f(1, 2, 5))
function("pad_negative", lambda x: F.pad(x, (-1, 1, 2, -1)), f(1, 2, 4, 5))
function("pad_whole", lambda x: F.pad(x, (1, 1), value=7), i(9, 2, 3))
function("interpolate_like", lambda x, y: F.interpolate(x, size=y.shape[2:], mode="nearest"),
         f(1, 2, 3, 4), f(1, 2, 5, 7))
function("interpolate_area", lambda x: F.interpolate(x, size=2, mode="area"), f(1, 2, 4, 6))
function("interpolate_antialias", lambda x: F.interpolate(x, size=3, mode="bilinear",
                                                          antialias=True), f(1, 2, 7, 6))
function("fpn", lambda x, y: x + F.interpolate(y, scale_factor=2.0, mode="nearest"),
         f(1, 2, 4, 6), f(1, 2, 2, 3))
function("normalise_image", lambda x: (x.permute(0, 3, 1, 2) / 255 - torch.tensor(
    [0.4, 0.5, 0.6]).view(3, 1, 1)) / torch.tensor([0.2, 0.3, 0.4])[:, None, None],
    near(0, 255, 1, 4, 5, 3))
function("standardise", lambda x: (x - x.mean((2, 3), keepdim=True)) / (
    x.std((2, 3), keepdim=True) + 1e-5), f(2, 3, 4, 5))
function("soft_argmax", lambda x: (x.flatten(2).softmax(-1)[..., None] * torch.stack(
    torch.meshgrid(torch.arange(3.0), torch.arange(4.0), indexing="ij"), -1).view(-1, 2)).sum(2),
    f(2, 5, 3, 4))
for op in ("avg_pool2d", "max_pool2d"):
    function(op, lambda x, op=op: getattr(F, op)(x, 3, 2, 1), f(1, 2, 5, 7))
function("global_max", lambda x: x.amax((2, 3)), f(2, 3, 4, 5))
function("global_stats", lambda x: torch.cat([x.mean((2, 3)), x.flatten(2).max(-1)[0]], 1),
         f(2, 3, 4, 5))

ROWS.family("signals")
for form, more in (("onesided", {}), ("full", {"onesided": False}), ("centred", {"center": True}),
                   ("normal", {"normalized": True}), ("window", {"window": torch.hann_window(8)}),
                   ("short", {"window": torch.hann_window(6), "win_length": 6})):
    function("stft_" + form, lambda x, more=more: torch.stft(
        x, 8, 3, return_complex=False, **{"center": False, **more}), f(2, 29))
for op in ("fft", "rfft"):
    function(op, lambda x, op=op: torch.view_as_real(getattr(torch.fft, op)(x)), f(2, 7))
function("fft_matrix", lambda x: (x @ torch.cos(torch.arange(5.0)[:, None] * torch.arange(3.0)))
         ** 2, f(2, 5))
function("mel", lambda x: (x.unfold(1, 8, 4) * torch.hann_window(8)).pow(2).sum(-1).clamp(
    min=1e-6).log10() * 10, f(2, 30))
function("pre_emphasis", lambda x: torch.cat([x[:, :1], x[:, 1:] - 0.97 * x[:, :-1]], 1), f(2, 9))
function("deltas", lambda x: F.conv1d(F.pad(x, (2, 2), mode="replicate"), torch.arange(
    -2.0, 3.0).view(1, 1, 5).repeat(3, 1, 1), groups=3) / 10, f(1, 3, 9))
function("db", lambda x: 20 * torch.log10(torch.clamp(x, min=1e-5)) - 20 * torch.log10(x.max()),
         pos(3, 5))
function("decay", lambda x: torch.cumsum(x * 0.9 ** torch.arange(5.0), -1), f(2, 5))

ROWS.family("scripted")


class Scripted(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.dense = torch.nn.GRUCell(3, 4), torch.nn.Linear(4, 4)


class Rounds(Scripted):
    def forward(self, x):
        for _ in range(3):
            x = torch.tanh(self.dense(x)) + x
        return x


class Steps(Scripted):
    def forward(self, x):
        h = torch.zeros(x.size(1), 4)
        for k in range(x.size(0)):
            h = self.cell(x[k], h)
        return h


class Branch(Scripted):
    def forward(self, x):
        if bool(x.sum() > 0):
            y = self.dense(x)
        else:
            y = -x * 2.0
        return y


class Sizes(Scripted):
    def forward(self, x):
        if x.size(0) > 1:
            return self.dense(x).relu()
        return x


class While(Scripted):
    def forward(self, x):
        n = 0
        while bool(x.abs().max() > 1.0) and n < 5:
            x = x * 0.5
            n += 1
        return x


class Nested(Scripted):
    def forward(self, x):
        for k in range(4):
            if k % 2 == 0:
                x = x + float(k)
            else:
                x = self.dense(x)
        return x


class Listed(Scripted):
    def forward(self, x):
        out = []
        for k in range(x.size(0)):
            out.append(x[k] * float(k))
        return torch.stack(out)


class Decay(Scripted):
    def forward(self, x):
        y = torch.zeros_like(x[0])
        for k in range(x.size(0)):
            if bool(x[k].mean() > 0):
                y = y * 0.9 + x[k]
            else:
                y = y * 0.5
        return y


for kind in (Rounds, Steps, Branch, Sizes, While, Nested, Listed, Decay):
    layer("script_" + kind.__name__.lower(), lambda kind=kind: torch.jit.script(kind().eval()),
          f(3, 2, 3) if kind is Steps else f(3, 4))
layer("script_branch_other", lambda: torch.jit.script(Branch().eval()), near(-2, -1, 3, 4))
layer("trace_steps", Steps, f(3, 2, 3))
layer("trace_listed", Listed, f(3, 4))

ROWS.family("parts of networks")


class Part(torch.nn.Module):
    """Modules by name, and what is done with them."""

    def __init__(self, call, **modules):
        super().__init__()
        self.call = call
        for name, m in modules.items():
            self.add_module(name, m)

    def forward(self, *x):
        return self.call(self, *x)


nn = torch.nn
layer("squeeze_excite", lambda: Part(lambda m, x: x * m.b(F.relu(m.a(
    F.adaptive_avg_pool2d(x, 1)))).sigmoid(), a=nn.Conv2d(6, 2, 1), b=nn.Conv2d(2, 6, 1)),
    f(1, 6, 4, 5))
layer("squeeze_excite_linear", lambda: Part(lambda m, x: x * F.hardsigmoid(m.b(F.relu(m.a(
    x.mean((2, 3)))))).view(x.size(0), -1, 1, 1), a=nn.Linear(6, 2), b=nn.Linear(2, 6)),
    f(2, 6, 4, 5))
layer("inverted_residual", lambda: Part(lambda m, x: x + m.c(F.relu6(m.b(F.hardswish(m.a(x))))),
      a=nn.Conv2d(3, 8, 1), b=nn.Conv2d(8, 8, 3, padding=1, groups=8), c=nn.Conv2d(8, 3, 1)),
      f(1, 3, 5, 6))
layer("layer_scale", lambda: Part(lambda m, x: x + m.n(m.c(x).permute(0, 2, 3, 1)).permute(
    0, 3, 1, 2) * torch.linspace(0.1, 1, 3).view(3, 1, 1), c=nn.Conv2d(3, 3, 3, padding=1,
    groups=3),
    n=nn.LayerNorm(3)), f(1, 3, 5, 6))
layer("self_attention", lambda: Part(lambda m, x: m.b(F.softmax(
    m.a(x)[..., :4] @ m.a(x)[..., 4:8].transpose(1, 2) / 2, -1) @ m.a(x)[..., 8:]),
    a=nn.Linear(4, 12), b=nn.Linear(4, 4)), f(2, 5, 4))


def heads(m, x):
    q, k, v = m.a(x).reshape(2, 5, 3, 2, 2).permute(2, 0, 3, 1, 4).unbind(0)
    mask = torch.ones(5, 5, dtype=torch.bool).tril(0) if hasattr(m, "causal") else None
    y = (q * 2 ** -0.5) @ k.transpose(-2, -1)
    if mask is not None:
        y = y.masked_fill(~mask, float("-inf"))
    return m.b(((y.softmax(-1)) @ v).transpose(1, 2).flatten(2))


layer("heads", lambda: Part(heads, a=nn.Linear(4, 12), b=nn.Linear(4, 4)), f(2, 5, 4))
layer("heads_causal", lambda: Part(heads, a=nn.Linear(4, 12), b=nn.Linear(4, 4),
                                   causal=nn.Identity()), f(2, 5, 4))
function("rotary", lambda x: torch.cat([x[..., :2] * torch.cos(torch.arange(5.0)[:, None]) - x[
    ..., 2:] * torch.sin(torch.arange(5.0)[:, None]), x[..., 2:] * torch.cos(torch.arange(
        5.0)[:, None]) + x[..., :2] * torch.sin(torch.arange(5.0)[:, None])], -1), f(2, 3, 5, 4))
function("rms_norm", lambda x, w: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * w,
         f(2, 3, 5), f(5))
function("swiglu", lambda x: F.silu(x.chunk(2, -1)[0]) * x.chunk(2, -1)[1], f(2, 3, 8))
function("layer_norm_by_hand", lambda x: (x - x.mean(-1, True)) / (x.var(
    -1, unbiased=False, keepdim=True) + 1e-5).sqrt(), f(2, 3, 5))
function("linear_attention", lambda q, k, v: torch.einsum("bnd,bde->bne", F.elu(q) + 1,
    torch.einsum(
    "bnd,bne->bde", F.elu(k) + 1, v)), f(2, 5, 3), f(2, 5, 3), f(2, 5, 4))
function("relative_bias", lambda x, table: x + table[(torch.arange(4)[:, None] - torch.arange(
    4) + 3).view(-1)].view(4, 4, -1).permute(2, 0, 1), f(2, 4, 4), f(7, 2))
function("yolo", lambda x: torch.cat([(x[..., :2].sigmoid() * 2 - 0.5 + torch.stack(torch.meshgrid(
    torch.arange(3), torch.arange(4), indexing="xy"), -1)) * 8, (x[..., 2:4].sigmoid() * 2) ** 2,
    x[..., 4:].sigmoid()], -1), f(1, 2, 4, 3, 7))
function("boxes", lambda x: torch.cat([x[:, :2] - x[:, 2:] / 2, x[:, :2] + x[:, 2:] / 2], 1),
         pos(5, 4))
function("iou", lambda x, y: (torch.min(x[:, None, 2:], y[:, 2:]) - torch.max(
    x[:, None, :2], y[:, :2])).clamp(0).prod(-1), pos(3, 4), pos(4, 4))
function("gram", lambda x: x.flatten(2) @ x.flatten(2).transpose(1, 2) / x[0].numel(), f(2, 3, 4,
    5))
function("mixture", lambda x, y: torch.logsumexp(x.log_softmax(-1) - 0.5 * y ** 2, -1), f(3, 4),
    f(3, 4))
function("highway", lambda x, g: torch.sigmoid(g) * x + (1 - torch.sigmoid(g)) * x.relu(), f(3,
    4), f(3, 4))
function("maxout", lambda x: x.view(2, 3, 4).max(-1)[0], f(2, 12))
function("crelu", lambda x: torch.cat([x, -x], 1).relu(), f(1, 3, 4, 5))
function("graph_layer", lambda x, a: (a / a.sum(-1, keepdim=True)) @ x, f(4, 3), pos(4, 4))
function("vector_quantize", lambda x, c: c[torch.cdist(x, c).argmin(-1)], f(5, 3), f(4, 3))
function("last_step", lambda x, n: x[torch.arange(3), n - 1], f(3, 5, 2), t([5, 2, 1]))
function("length_mask", lambda x, n: (x * (torch.arange(5)[None] < n[:, None])[..., None]).sum(
    1) / n[:, None], f(3, 5, 2), t([5, 2, 1]))
function("ctc_greedy", lambda x: x.log_softmax(-1).argmax(-1), f(7, 2, 5))
function("threshold_map", lambda x: (x.softmax(1).max(1)[1] == 1).to(torch.uint8), f(1, 3, 4, 5))
