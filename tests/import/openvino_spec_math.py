# SPDX-License-Identifier: Apache-2.0
"""
Forms in which the operation specifications differ from what one would guess: numbers here are the
specifications' own examples, or come from their formulas as they stand there.
"""
import math
from itertools import product

from openvino_hostile import FILES
from openvino_model import Net, Tensor
from openvino_ops import CASES, attrs, backprop, case, convolve, one, rand, same, softmax, spread

NAN, INF = float("nan"), float("inf")


def refuse(name, kind, x, out, want, consts=(), data="", version="opset1"):
    """A layer that must be refused with a message that holds `want`."""
    net, _ = one(kind, x, out, data=data, version=version, consts=consts)
    FILES.append(("spec_" + name, (net.xml(), bytes(net.weights)), want))


def zeros(shape, dtype="f32"):
    return Tensor.make(shape, lambda i: 0, dtype)


# ---- activations --------------------------------------------------------------------------------

@case("Clamp_whole_numbers")
def clamp_ints():
    """The lower bound is rounded up, the upper one down."""
    x = Tensor([6], [-3, -2, -1, 1, 2, 3], "i32")
    return one("Clamp", [x], Tensor([6], [-1, -1, -1, 1, 2, 2], "i32"),
               data=attrs(min=-1.75, max=2.75))


@case("ReLU_whole_numbers")
def relu_ints():
    return one("ReLU", [Tensor([3], [-3, 0, 2], "i32")], Tensor([3], [0, 0, 2], "i32"))


def prelu(name, xs, slope, index):
    def make():
        x = Tensor.make(xs, lambda i: (sum((k + 1) * v for k, v in enumerate(i)) % 5 - 2) / 2)
        y = Tensor.make(xs, lambda i: x.at(i) * (1 if x.at(i) >= 0 else slope.at(index(i))))
        return one("PReLU", [x], y, consts=[slope])
    CASES.append(("PReLU_" + name, make))


prelu("one_dimension", [4], Tensor([4], [0.5, 2.0, -1.0, 0.25]), lambda i: i)
prelu("matrix", [3, 4], Tensor([4], [0.5, 2.0, -1.0, 0.25]), lambda i: [i[1]])
# no entry for each channel: as NumPy broadcasts
prelu("last_axis", [2, 2, 3], Tensor([3], [0.5, 2.0, -1.0]), lambda i: [i[2]])
prelu("channels_first", [2, 3, 3], Tensor([3], [0.5, 2.0, -1.0]), lambda i: [i[1]])
prelu("full", [2, 2, 2], Tensor([2, 2, 2], [0.5, 2, -1, 3, 0, 1, -2, 4]), lambda i: i)
prelu("single", [2, 3], Tensor([1], [2.0]), lambda i: [0])
prelu("single_negative", [2, 3], Tensor([1], [-0.5]), lambda i: [0])


def gelu_case(name, mode, version, fn):
    def make():
        x = rand([8], lo=-3, hi=3)
        return one("Gelu", [x], Tensor([8], [fn(v) for v in x.data]),
                   data=attrs(approximation_mode=mode) if mode else "", version=version)
    CASES.append(("Gelu_" + name, make))


def erf_gelu(v):
    return 0.5 * v * (1 + math.erf(v / math.sqrt(2)))


def tanh_gelu(v):
    return 0.5 * v * (1 + math.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v ** 3)))


gelu_case("second", None, "opset2", erf_gelu)
gelu_case("default", None, "opset7", erf_gelu)
gelu_case("lower", "tanh", "opset7", tanh_gelu)
refuse("gelu", "Gelu", [zeros([2])], zeros([2]), "approximation_mode", version="opset7",
       data=attrs(approximation_mode="sigmoid"))
softmax("SoftMax", 1, [2, 3, 4], "opset1", "default_1", "")
softmax("SoftMax", 1, [2, 3, 4], "opset8", "default_8", "")
softmax("SoftMax", 1, [2, 3, 4], "opset8", "negative", attrs(axis=-2))
softmax("LogSoftmax", 1, [2, 3, 4], "opset5", "default", "")
softmax("LogSoftmax", 2, [2, 3, 4], "opset5", "negative", attrs(axis=-1))

# ---- convolutions -------------------------------------------------------------------------------


def volume(name, auto):
    def make():
        xs, ws, stride, dilation = [1, 2, 5, 6, 4], [3, 2, 2, 3, 2], [2, 1, 3], [1, 2, 1]
        x, w = rand(xs), rand(ws)
        begin = end = [0, 0, 0]
        if auto != "valid":
            pads = [same(xs[2 + k], ws[2 + k], stride[k], dilation[k], auto == "same_lower")
                    for k in range(3)]
            begin, end = [p[0] for p in pads], [p[1] for p in pads]
        # the paddings that the file states are ignored
        return one("Convolution", [x], convolve(x, w, stride, dilation, begin, end), consts=[w],
                   data=attrs(strides=stride, dilations=dilation, pads_begin=[1, 1, 1],
                              pads_end=[1, 1, 1], auto_pad=auto))
    CASES.append(("Convolution_volume_" + name, make))


for mode in ("same_upper", "same_lower", "valid"):
    volume(mode, mode)
SLIDE = dict(strides=[1, 1], dilations=[1, 1], pads_begin=[0, 0], pads_end=[0, 0])
VOLUME = {k: v + v[:1] for k, v in SLIDE.items()}
refuse("auto_pad", "Convolution", [zeros([1, 2, 4, 4])], zeros([1, 3, 4, 4]), "auto_pad",
       [zeros([3, 2, 1, 1])], attrs(auto_pad="same", **SLIDE))
refuse("volume_channels", "Convolution", [zeros([1, 4, 2, 2, 2])], zeros([1, 4, 2, 2, 2]),
       "input channels", [zeros([4, 2, 1, 1, 1])], attrs(**VOLUME))
refuse("volume_groups", "GroupConvolution", [zeros([1, 8, 2, 2, 2])], zeros([1, 4, 2, 2, 2]),
       "8", [zeros([2, 2, 2, 1, 1, 1])], attrs(**VOLUME))

# total padding 1 and 2; with same_upper the larger half stands at the begin
backprop("same_upper_odd", [1, 2, 4, 4], [2, 3, 3, 3], [2, 2], [0, 0], [0, 0], shape=[8, 7],
         auto="same_upper")
backprop("same_lower_odd", [1, 2, 4, 4], [2, 3, 3, 3], [2, 2], [0, 0], [0, 0], shape=[8, 7],
         auto="same_lower")
backprop("same_more", [1, 2, 4, 4], [2, 3, 4, 3], [2, 2], [0, 0], [0, 0], more=[1, 0], shape=[8, 8],
         auto="same_lower")
# without an output shape nothing is padded
backprop("same_alone", [1, 2, 3, 3], [2, 3, 3, 3], [2, 2], [0, 0], [0, 0], more=[1, 0],
         auto="same_upper")
backprop("explicit_shape", [1, 2, 4, 4], [2, 3, 3, 3], [2, 2], [0, 1], [1, 1], shape=[8, 7])
# where the two ways to read this form differ, it is refused
refuse("backprop_shape", "ConvolutionBackpropData", [zeros([1, 2, 4, 4])], zeros([1, 3, 8, 7]),
       "output shape", [zeros([2, 3, 3, 3]), Tensor([2], [8, 7], "i64")],
       attrs(**dict(SLIDE, strides=[2, 2], pads_begin=[1, 0])))


@case("Backprop_example_2")
def backprop_example():
    """Its shapes: 2 by 2, kernel 3, stride 3, output padding 2: 8 by 8. The rest is zero."""
    x, w = Tensor([1, 1, 2, 2], [1, 2, 3, 4]), Tensor([1, 1, 3, 3], [1.0] * 9)
    y = Tensor.make([1, 1, 8, 8], lambda i: x.at([0, 0, i[2] // 3, i[3] // 3])
                    if i[2] < 6 and i[3] < 6 else 0)
    return one("ConvolutionBackpropData", [x], y, consts=[w],
               data=attrs(**dict(SLIDE, strides=[3, 3], output_padding=[2, 2],
                                 auto_pad="explicit")))


# ---- arithmetic ---------------------------------------------------------------------------------

def pairs(kind, dtype, a, b, y, data="", out=None, version="opset1"):
    n = [len(a)]
    CASES.append(("%s_signs_%s_%d" % (kind, dtype, len(CASES)), lambda: one(
        kind, [Tensor(n, a, dtype), Tensor(n, b, dtype)], Tensor(n, y, out or dtype), data=data,
        version=version)))


for kind_of in ("i32", "f32"):
    pairs("FloorMod", kind_of, [7, -7, 7, -7, 6, -6], [3, 3, -3, -3, -3, 3], [1, 2, -2, -1, 0, 0])
    pairs("Mod", kind_of, [7, -7, 7, -7], [3, 3, -3, -3], [1, -1, 1, -1])
pairs("FloorMod", "f32", [5.5, -5.5, 5.5, -5.5], [2, 2, -2, -2], [1.5, 0.5, -0.5, -1.5])
pairs("Divide", "i32", [7, -7, 7, -7, 6], [2, 2, -2, -2, -3], [3, -4, -4, 3, -2])
pairs("Divide", "i32", [7, -7, 7, -7], [2, 2, -2, -2], [3, -4, -4, 3],
      attrs(m_pythondiv="true"))
pairs("Divide", "i32", [7, -7, 7, -7], [2, 2, -2, -2], [3, -3, -3, 3], attrs(m_pythondiv="false"))
pairs("Divide", "f32", [7, -7], [2, 2], [3.5, -3.5], attrs(m_pythondiv="true"))
pairs("Power", "f32", [-2, -2, 2, 0, 3], [3, 2, -1, 0, 0.5], [-8, 4, 0.5, 1, math.sqrt(3)])
pairs("BitwiseLeftShift", "i32", [1, 3, -4], [4, 0, 2], [16, 3, -16], version="opset15")
pairs("BitwiseRightShift", "i32", [17, -8, -1], [2, 1, 3], [4, -4, -1], version="opset15")
pairs("BitwiseRightShift", "u8", [255, 128], [1, 7], [127, 1], version="opset15")
for kind_of, table in (("And", [0, 0, 0, 1]), ("Or", [0, 1, 1, 1]), ("Xor", [0, 1, 1, 0])):
    pairs("Bitwise" + kind_of, "boolean", [0, 0, 1, 1], [0, 1, 0, 1], table, version="opset13")
    pairs("Logical" + kind_of, "boolean", [0, 0, 1, 1], [0, 1, 0, 1], table)


def values(name, kind, x, y, data="", version="opset1"):
    CASES.append((name, lambda: one(kind, [x], y, data=data, version=version)))


values("BitwiseNot_boolean", "BitwiseNot", Tensor([2], [1, 0], "boolean"),
       Tensor([2], [0, 1], "boolean"), version="opset13")
values("BitwiseNot_u8", "BitwiseNot", Tensor([2], [1, 3], "u8"), Tensor([2], [254, 252], "u8"),
       version="opset13")
HALVES = [-4.5, -1.9, -1.5, 0.5, 0.9, 1.5, 2.3, 2.5]
values("Round_example_even", "Round", Tensor([8], HALVES), Tensor([8], [-4, -2, -2, 0, 1, 2, 2, 2]),
       attrs(mode="half_to_even"), "opset5")
values("Round_example_away", "Round", Tensor([8], HALVES), Tensor([8], [-5, -2, -2, 1, 1, 2, 2, 3]),
       attrs(mode="half_away_from_zero"), "opset5")
BELOW = 0.5 - 2.0 ** -25                      # the largest single below one half
values("Round_away_exact", "Round", Tensor([6], [BELOW, -BELOW, 8388609, -8388609, INF, 2.0 ** 30]),
       Tensor([6], [0, 0, 8388609, -8388609, INF, 2.0 ** 30]),
       attrs(mode="half_away_from_zero"), "opset5")
EDGES = Tensor([4], [-INF, INF, 1.0, NAN])
for low, high in product(("true", "false"), repeat=2):
    values("IsInf_%s_%s" % (low, high), "IsInf", EDGES,
           Tensor([4], [low == "true", high == "true", 0, 0], "boolean"),
           attrs(detect_negative=low, detect_positive=high), "opset10")
values("IsInf_default", "IsInf", EDGES, Tensor([4], [1, 1, 0, 0], "boolean"), version="opset10")
values("Sign_ints", "Sign", Tensor([3], [-7, 0, 9], "i32"), Tensor([3], [-1, 0, 1], "i32"))


def pdpd(name, sb, axis, index, key="axis"):
    def make():
        a, b = rand([2, 3, 4, 5]), rand(sb)
        kw = {"auto_broadcast": "pdpd"}
        if axis is not None:
            kw[key] = axis
        return one("Subtract", [a, b], Tensor.make(a.shape, lambda i: a.at(i) - b.at(index(i))),
                   data=attrs(**kw))
    CASES.append(("Subtract_pdpd_" + name, make))


pdpd("middle", [3, 4], 1, lambda i: i[1:3])
pdpd("trailing", [3, 1], 1, lambda i: [i[1], 0])
pdpd("default", [4, 5], None, lambda i: i[2:])
pdpd("minus", [4, 5], -1, lambda i: i[2:])
pdpd("first", [1, 3], 0, lambda i: [0, i[1]])
pdpd("scalar", [], None, lambda i: [])
pdpd("written", [3, 4], 1, lambda i: i[1:3], key="auto_broadcast_axis")
refuse("pdpd_axis", "Add", [zeros([2, 3]), zeros([2])], zeros([2, 3]), "axis", (),
       attrs(auto_broadcast="pdpd", axis=-2))
refuse("pdpd_wide", "Add", [zeros([1, 3]), zeros([2, 3])], zeros([2, 3]), "pdpd", (),
       attrs(auto_broadcast="pdpd"))
refuse("none", "Add", [zeros([2, 3]), zeros([3])], zeros([2, 3]), "auto_broadcast", (),
       attrs(auto_broadcast="none"))
refuse("broadcast", "Add", [zeros([2, 3]), zeros([3])], zeros([2, 3]), "auto_broadcast", (),
       attrs(auto_broadcast="numpie"))


@case("Select_example")
def select_example():
    y = Tensor([3, 2], [11, 10, 1, 8, 3, 4], "i32")
    return one("Select", [Tensor([3, 2], [0, 0, 1, 0, 1, 1], "boolean"),
                          Tensor([3, 2], [-1, 0, 1, 2, 3, 4], "i32"),
                          Tensor([3, 2], [11, 10, 9, 8, 7, 6], "i32")], y)


refuse("select", "Select", [zeros([2, 3], "boolean"), zeros([2, 3]), zeros([2])], zeros([2, 3]),
       "pdpd", (), attrs(auto_broadcast="pdpd"))


def vectors(name, sa, sb, ta, tb, ys, at):
    """Transposition is ignored for vectors."""
    def make():
        a, b = rand(sa), rand(sb)
        y = Tensor.make(ys, lambda i: at(a, b, i))
        return one("MatMul", [a, b], y, data=attrs(transpose_a=ta, transpose_b=tb))
    CASES.append(("MatMul_" + name, make))


vectors("vector_a", [4], [4, 3], "true", "false", [3],
        lambda a, b, i: sum(a.at([k]) * b.at([k, i[0]]) for k in range(4)))
vectors("vector_b", [3, 4], [4], "false", "true", [3],
        lambda a, b, i: sum(a.at([i[0], k]) * b.at([k]) for k in range(4)))
vectors("vector_both", [4], [4], "true", "true", [],
        lambda a, b, i: sum(x * y for x, y in zip(a.data, b.data)))
vectors("vector_turned", [4], [3, 4], "false", "true", [3],
        lambda a, b, i: sum(a.at([k]) * b.at([i[0], k]) for k in range(4)))
vectors("turned_vector", [4, 3], [4], "true", "false", [3],
        lambda a, b, i: sum(a.at([k, i[0]]) * b.at([k]) for k in range(4)))


def attention(name, mask, scale, causal, bias):
    """bias(i, j): what is added to the score of query i and key j."""
    def make():
        q, k, v = rand([1, 2, 3, 4]), rand([1, 2, 5, 4]), rand([1, 2, 5, 6])
        used = 0.5 if scale is None else scale

        def at(n):
            s = [math.exp(sum(q.at([0, n[1], n[2], d]) * k.at([0, n[1], j, d]) for d in range(4)) *
                          used + bias(n[2], j)) for j in range(5)]
            return sum(w / sum(s) * v.at([0, n[1], j, n[3]]) for j, w in enumerate(s))
        return one("ScaledDotProductAttention", [q, k, v], Tensor.make([1, 2, 3, 6], at),
                   consts=([mask] if mask else []) + ([Tensor([], [scale])] if scale else []),
                   data=attrs(causal=causal), version="opset13")
    CASES.append(("Attention_" + name, make))


ADDED = Tensor([1, 5], [0.5, -1.0, 0.25, 2.0, 0.0])
attention("added", ADDED, None, "false", lambda i, j: ADDED.data[j])
attention("scale", ADDED, 0.25, "false", lambda i, j: ADDED.data[j])
attention("zero", Tensor([], [0.0]), 0.25, "false", lambda i, j: 0.0)
# a mask is ignored beside causal; the triangle is counted from the first query and key
attention("causal_mask", ADDED, 0.25, "true", lambda i, j: -INF if j > i else 0.0)

# ---- reductions and normalisations --------------------------------------------------------------


def reduce(name, kind, x, axes, y, data="", version="opset1"):
    CASES.append(("%s_%s" % (kind, name), lambda: one(
        kind, [x], y, consts=[axes], data=data, version=version)))


SIX = Tensor([2, 3], [1, -2, 3, 4, -5, 6])
reduce("default", "ReduceSum", SIX, Tensor([1], [1], "i64"), Tensor([2], [2, 5]))
reduce("negative", "ReduceMax", SIX, Tensor([1], [-2], "i64"), Tensor([3], [4, -2, 6]),
       attrs(keep_dims="false"))
reduce("scalar_axis", "ReduceMin", SIX, Tensor([], [-1], "i64"), Tensor([2, 1], [-2, -5]),
       attrs(keep_dims="true"))
reduce("all", "ReduceMean", SIX, Tensor([2], [-1, 0], "i32"), Tensor([], [7 / 6]))
for kept in ("true", "false"):
    reduce("none_" + kept, "ReduceSum", SIX, Tensor([0], [], "i64"), SIX, attrs(keep_dims=kept))
    reduce("none_" + kept, "ReduceMean", SIX, Tensor([0], [], "i64"), SIX, attrs(keep_dims=kept))
reduce("negative_ints", "ReduceProd", Tensor([2, 3], [1, -2, 3, 4, -5, 6], "i32"),
       Tensor([1], [0], "i64"), Tensor([3], [4, 10, 18], "i32"))
refuse("l1", "ReduceL1", [SIX], SIX, "empty", [Tensor([0], [], "i64")], version="opset4")
refuse("l2", "ReduceL2", [SIX], SIX, "empty", [Tensor([0], [], "i64")], version="opset4")


def batch_norm(name, version, first):
    def make():
        x, g, b, m = (Tensor([1, 2, 2], [1.0, 2.0, -3.0, 4.0]), Tensor([2], [2.0, 0.5]),
                      Tensor([2], [1.0, -1.0]), Tensor([2], [0.5, 0.25]))
        v = Tensor([2], [0.75, 3.75])
        # deviations 1 and 2 with epsilon 0.25
        y = Tensor([1, 2, 2], [(1 - 0.5) * 2 + 1, (2 - 0.5) * 2 + 1, (-3 - 0.25) / 2 * 0.5 - 1,
                               (4 - 0.25) / 2 * 0.5 - 1])
        net = Net()
        p = net.param(x)
        g, b, m, v = [net.const(t.shape, t.data) for t in (g, b, m, v)]
        net.result(net.layer("BatchNormInference", [g, b, p, m, v] if first else [p, g, b, m, v],
                             [("f32", y.shape)], attrs(epsilon=0.25), version)[0])
        return net, [y]
    CASES.append(("BatchNorm_" + name, make))


batch_norm("gamma_first", "opset1", True)
batch_norm("data_first", "opset1", False)
batch_norm("fifth", "opset5", False)


def mvn(name, axes, inputs, version, variance=True, eps=0.25, outside=False, **kw):
    def make():
        x = rand([2, 3, 2, 4])
        folded = [range(d) if a in axes else [0] for a, d in enumerate(x.shape)]

        def at(i):
            near = [x.at([k if a in axes else i[a] for a, k in enumerate(j)])
                    for j in product(*folded)]
            mean = sum(near) / len(near)
            var = sum((v - mean) ** 2 for v in near) / len(near)
            root = math.sqrt(var) + eps if outside else math.sqrt(var + eps)
            return (x.at(i) - mean) / (root if variance else 1)
        return one("MVN", [x], Tensor.make(x.shape, at), extra=inputs, version=version,
                   data=attrs(eps=eps, normalize_variance=str(variance).lower(), **kw))
    CASES.append(("MVN_" + name, make))


mvn("across", [1, 2, 3], [], "opset2", across_channels="true")
mvn("apart", [2, 3], [], "opset2", across_channels="false")
mvn("first_axes", [2, 3], [], "opset2", reduction_axes=[2, 3])
mvn("first_both", [0, 2, 3], [], "opset2", across_channels="false", reduction_axes=[0, -2, -1])
mvn("channels", [0, 2, 3], [[0, 2, 3]], "opset6", eps_mode="inside_sqrt")
mvn("outside", [2, 3], [[-1, 2]], "opset6", outside=True, eps_mode="outside_sqrt")
mvn("outside_upper", [1], [[1]], "opset6", outside=True, eps_mode="OUTSIDE_SQRT")
mvn("mean_only", [1, 3], [[3, 1]], "opset6", variance=False, eps_mode="inside_sqrt")
refuse("mvn", "MVN", [zeros([1, 2, 2])], zeros([1, 2, 2]), "eps_mode", [Tensor([1], [2], "i64")],
       attrs(eps=0.25, normalize_variance="true", eps_mode="beside_sqrt"), "opset6")
refuse("mvn_axes", "MVN", [zeros([1, 2, 2])], zeros([1, 2, 2]), "across_channels", (),
       attrs(eps=0.25, normalize_variance="true"), "opset2")


def l2(name, axes, mode, fn):
    def make():
        x = Tensor([1, 2, 2], [3.0, 0.25, -4.0, 0.5])
        y = Tensor.make(x.shape, lambda i: x.at(i) / math.sqrt(fn(
            sum(x.at([0, k, i[2]]) ** 2 for k in range(2)) if axes else x.at(i) ** 2)))
        return one("NormalizeL2", [x], y, extra=[axes], data=attrs(eps=1.0, eps_mode=mode))
    CASES.append(("NormalizeL2_" + name, make))


l2("add", [1], "add", lambda s: s + 1)
l2("max", [-2], "max", lambda s: max(s, 1))
refuse("l2_mode", "NormalizeL2", [zeros([1, 2])], zeros([1, 2]), "eps_mode",
       [Tensor([1], [1], "i64")], attrs(eps=1.0, eps_mode="mul"))


@case("LRN_five")
def lrn():
    x = rand([1, 7, 2, 1])
    y = Tensor.make(x.shape, lambda i: x.at(i) / (2 + 0.5 / 5 * sum(
        x.at([0, c, i[2], 0]) ** 2 for c in range(max(0, i[1] - 2), min(7, i[1] + 3)))) ** 0.75)
    return one("LRN", [x], y, extra=[[1]], data=attrs(alpha=0.5, beta=0.75, bias=2.0, size=5))


refuse("lrn", "LRN", [zeros([1, 4, 2, 2])], zeros([1, 4, 2, 2]), "size 4",
       [Tensor([1], [1], "i64")], attrs(alpha=1.0, beta=0.5, bias=1.0, size=4))


def rms(name, axes, consts):
    """consts: those behind the input; the last is the scale if it is real."""
    def make():
        x = rand([2, 3, 4])
        scale = consts[-1] if consts[-1].dtype == "f32" else Tensor([], [1.0])
        folded = [range(d) if a in axes else [0] for a, d in enumerate(x.shape)]

        def at(i):
            near = [x.at([k if a in axes else i[a] for a, k in enumerate(j)]) ** 2
                    for j in product(*folded)]
            return x.at(i) / math.sqrt(sum(near) / len(near) + 0.25) * spread(scale, i)
        return one("RMS", [x], Tensor.make(x.shape, at), consts=consts, data=attrs(epsilon=0.25))
    CASES.append(("RMS_" + name, make))


FOUR = Tensor([4], [0.5, 1.0, -2.0, 3.0])
rms("inner", [2], [FOUR])
rms("axes", [2], [Tensor([1], [-1], "i64")])
rms("axes_scale", [1, 2], [Tensor([2], [2, 1], "i32"), FOUR])
rms("axis_middle", [1], [Tensor([], [1], "i64"), FOUR])

# ---- quantization -------------------------------------------------------------------------------


def fake(name, x, bounds, levels, data=None, consts=None):
    """bounds: the four numbers, or lists of one for each entry of axis 1."""
    def make():
        sides = [b if isinstance(b, list) else [b] for b in bounds]

        def at(i):
            il, ih, ol, oh = [s[i[1] if len(s) > 1 else 0] for s in sides]
            v = x.at(i)
            if v <= min(il, ih):
                return ol
            if v > max(il, ih):
                return oh
            return round((v - il) / (ih - il) * (levels - 1)) / (levels - 1) * (oh - ol) + ol
        return one("FakeQuantize", [x], Tensor.make(x.shape, at), data=attrs(levels=levels),
                   consts=[Tensor([1, len(s), 1] if len(s) > 1 else [], s) for s in sides])
    CASES.append(("FakeQuantize_" + name, make))


STEPS = Tensor([1, 2, 9], [k / 16 for k in (-40, -18, -16, -9, -1, 0, 1, 3, 7, 8, 11, 15, 16, 17,
                                            30, 40, -20, 5)])
fake("binary", STEPS, (0.25, 0.25, -1.0, 1.0), 2)
fake("binary_channels", STEPS, ([0.25, -0.5], [0.25, -0.5], [-1.0, 0.0], [1.0, 2.0]), 2)
fake("turned_input", STEPS, (1.0, -1.0, -1.0, 1.0), 5)
fake("turned_output", STEPS, (-1.0, 1.0, 1.0, -1.0), 5)
fake("some_turned", STEPS, ([1.0, -1.0], [-1.0, 1.0], -2.0, 2.0), 9)
fake("out_channels", STEPS, (-1.0, 1.0, [-2.0, 0.0], [2.0, 8.0]), 17)
fake("beyond_zero", STEPS, (0.5, 1.5, 0.5, 1.5), 5)
fake("many_levels", STEPS, (-1.0, 1.0, -1.0, 1.0), 65)
refuse("fake_pdpd", "FakeQuantize", [zeros([2, 3, 4])], zeros([2, 3, 4]), "pdpd",
       [zeros([3]), Tensor([3], [1.0] * 3), zeros([3]), Tensor([3], [1.0] * 3)],
       attrs(levels=256, auto_broadcast="pdpd"))
refuse("fake_one", "FakeQuantize", [zeros([2])], zeros([2]), "1 levels",
       [zeros([]), Tensor([], [1.0]), zeros([]), Tensor([], [1.0])], attrs(levels=1))

# ---- recurrence ---------------------------------------------------------------------------------

ONE = {"sigmoid": lambda v: 1 / (1 + math.exp(-v)), "tanh": math.tanh, "relu": lambda v: max(v, 0)}


def product_of(m, v, row):
    return sum(m.at([row, k]) * x for k, x in enumerate(v))


def lstm_formula(x, h, c, w, r, b, n, acts, clip):
    """Rows f, i, c, o. The cell is not held before its activation."""
    f, g, last = [ONE[a] for a in acts]
    z = [min(max(product_of(w, x, k) + product_of(r, h, k) + b.data[k], -clip), clip)
         for k in range(4 * n)]
    cell = [f(z[k]) * c[k] + f(z[n + k]) * g(z[2 * n + k]) for k in range(n)]
    return [f(z[3 * n + k]) * last(cell[k]) for k in range(n)], cell


def gru_formula(x, h, w, r, b, n, acts, clip, linear):
    """Rows z, r, h; with linear_before_reset a fourth block of b belongs to r's candidate."""
    f, g = [ONE[a] for a in acts]

    def gate(fn, v):
        return fn(min(max(v, -clip), clip))
    z = [gate(f, product_of(w, x, k) + product_of(r, h, k) + b.data[k]) for k in range(n)]
    t = [gate(f, product_of(w, x, n + k) + product_of(r, h, n + k) + b.data[n + k])
         for k in range(n)]
    out = []
    for k in range(n):
        at = 2 * n + k
        inner = (t[k] * (product_of(r, h, at) + b.data[3 * n + k]) if linear else
                 product_of(r, [a * q for a, q in zip(t, h)], at))
        out.append((1 - z[k]) * gate(g, product_of(w, x, at) + inner + b.data[at]) + z[k] * h[k])
    return out


def lstm_cell(name, version, acts=("sigmoid", "tanh", "tanh"), clip=None, bias=True, more=(),
              **data):
    def make():
        x, h, c = rand([2, 3]), rand([2, 2]), rand([2, 2])
        w, r, b = rand([8, 3]), rand([8, 2]), rand([8]) if bias else zeros([8])
        rows = [lstm_formula(x.data[3 * k:3 * k + 3], h.data[2 * k:2 * k + 2],
                             c.data[2 * k:2 * k + 2], w, r, b, 2, acts, clip or INF)
                for k in range(2)]
        net = Net()
        refs = [net.param(t) for t in (x, h, c)]
        refs += [net.const(t.shape, t.data) for t in [w, r] + ([b] if bias else []) + list(more)]
        kw = dict(data, hidden_size=2, activations=acts)
        if clip:
            kw["clip"] = clip
        for o in net.layer("LSTMCell", refs, [("f32", [2, 2])] * 2, attrs(**kw), version):
            net.result(o)
        return net, [Tensor([2, 2], sum((row[k] for row in rows), [])) for k in range(2)]
    CASES.append(("LSTMCell_" + name, make))
    return make


lstm_cell("relu", "opset4", ("sigmoid", "relu", "relu"))
lstm_cell("other", "opset4", ("relu", "sigmoid", "sigmoid"))
lstm_cell("capitals", "opset4", activations_alpha=[], activations_beta=[])
lstm_cell("wide_clip", "opset4", clip=10.0)
lstm_cell("no_bias", "opset4", bias=False)
lstm_cell("first", "opset1", more=[zeros([6])], weights_format="fico", input_forget="false")


def refuse_net(name, make, want):
    net, _ = make()
    FILES.append(("spec_" + name, (net.xml(), bytes(net.weights)), want))


def unlisted(*args, **kw):
    make = lstm_cell(*args, **kw)
    CASES.pop()
    return make


refuse_net("lstm_clip", unlisted("a", "opset4", clip=0.5), "clip 0.5")
refuse_net("lstm_clip_relu", unlisted("a", "opset4", ("sigmoid", "tanh", "relu"), clip=20.0),
           "clip 20")
refuse_net("lstm_forget", unlisted("a", "opset1", input_forget="true"), "input_forget")
refuse_net("lstm_format", unlisted("a", "opset1", weights_format="ifco"), "weights_format")
refuse_net("lstm_peepholes", unlisted("a", "opset1", more=[Tensor([6], [0, 0, 0, 0, 0, 1.0])]),
           "peepholes")


def gru_cell(name, acts, clip, linear, bias=True):
    def make():
        x, h, w, r = rand([2, 3]), rand([2, 2]), rand([6, 3]), rand([6, 2])
        b = rand([8 if linear else 6]) if bias else zeros([8 if linear else 6])
        net = Net()
        refs = [net.param(t) for t in (x, h)]
        refs += [net.const(t.shape, t.data) for t in [w, r] + ([b] if bias else [])]
        kw = dict(hidden_size=2, activations=acts, linear_before_reset=int(linear))
        if clip:
            kw["clip"] = clip
        net.result(net.layer("GRUCell", refs, [("f32", [2, 2])], attrs(**kw), "opset3")[0])
        return net, [Tensor([2, 2], sum((gru_formula(
            x.data[3 * k:3 * k + 3], h.data[2 * k:2 * k + 2], w, r, b, 2, acts, clip or INF,
            linear) for k in range(2)), []))]
    CASES.append(("GRUCell_" + name, make))


gru_cell("linear", ("sigmoid", "tanh"), None, True)
gru_cell("clip", ("sigmoid", "tanh"), 0.5, False)
gru_cell("clip_linear", ("sigmoid", "relu"), 0.75, True)
gru_cell("relu", ("relu", "sigmoid"), None, False)
gru_cell("no_bias", ("sigmoid", "tanh"), None, True, False)


def lengths(direction, full=4):
    """Two sequences of 2 and 4 steps: what lies beyond a length is 0, the states are those of its
    last step, and a reversed pass begins there."""
    def make():
        dirs = 2 if direction == "bidirectional" else 1
        x, h, c = rand([2, full, 3]), rand([2, dirs, 2]), rand([2, dirs, 2])
        w, r, b = rand([dirs, 8, 3]), rand([dirs, 8, 2]), rand([dirs, 8])
        ys, hs, cs = {}, {}, {}
        for n, d in product(range(2), range(dirs)):
            part = [Tensor(t.shape[1:], t.data[d * len(t.data) // dirs:][:len(t.data) // dirs])
                    for t in (w, r, b)]
            hn, cn = [[t.at([n, d, k]) for k in range(2)] for t in (h, c)]
            steps = range([2, full][n])
            for t in reversed(steps) if direction == "reverse" or d else steps:
                hn, cn = lstm_formula([x.at([n, t, k]) for k in range(3)], hn, cn, *part, 2,
                                      ("sigmoid", "tanh", "tanh"), INF)
                ys[n, d, t] = hn
            hs[n, d], cs[n, d] = hn, cn
        outs = [Tensor.make([2, dirs, full, 2], lambda i: ys.get(i[:3], [0, 0])[i[3]])]
        outs += [Tensor.make([2, dirs, 2], lambda i, s=s: s[i[:2]][i[2]]) for s in (hs, cs)]
        net = Net()
        refs = [net.param(t) for t in (x, h, c)] + [net.ints([2, full], dtype="i32")]
        refs += [net.const(t.shape, t.data) for t in (w, r, b)]
        for o in net.layer("LSTMSequence", refs, [("f32", t.shape) for t in outs],
                           attrs(hidden_size=2, direction=direction), "opset5"):
            net.result(o)
        return net, outs
    return make


for way in ("forward", "reverse", "bidirectional"):
    CASES.append(("LSTMSequence_lengths_" + way, lengths(way)))
refuse_net("direction", lengths("backward"), "'backward'")


@case("RNNCell_sigmoid")
def rnn_cell():
    x, h, w, r, b = rand([2, 3]), rand([2, 2]), rand([2, 3]), rand([2, 2]), rand([2])
    y = Tensor.make([2, 2], lambda i: ONE["sigmoid"](
        product_of(w, x.data[3 * i[0]:3 * i[0] + 3], i[1]) +
        product_of(r, h.data[2 * i[0]:2 * i[0] + 2], i[1]) + b.data[i[1]]))
    return one("RNNCell", [x, h], y, consts=[w, r, b], version="opset3",
               data=attrs(hidden_size=2, activations="Sigmoid"))


refuse("activation", "RNNCell", [zeros([1, 3]), zeros([1, 2])], zeros([1, 2]), "hardsigmoid",
       [zeros([2, 3]), zeros([2, 2]), zeros([2])],
       attrs(hidden_size=2, activations="hardsigmoid"), "opset3")

# ---- weights of vectors, additions behind integer layers ----------------------------------------


def fixed(name, sa, sb, ta, tb, ys, at):
    """The right operand is constant."""
    def make():
        a, b = rand(sa), rand(sb)
        return one("MatMul", [a], Tensor.make(ys, lambda i: at(a, b, i)), consts=[b],
                   data=attrs(transpose_a=ta, transpose_b=tb))
    CASES.append(("MatMul_fixed_" + name, make))


fixed("vector_a", [4], [3, 4], "true", "true", [3],
      lambda a, b, i: sum(a.at([k]) * b.at([i[0], k]) for k in range(4)))
fixed("vector_b", [2, 3, 4], [4], "false", "true", [2, 3],
      lambda a, b, i: sum(a.at(list(i) + [k]) * b.at([k]) for k in range(4)))
fixed("turned", [2, 4, 3], [4, 5], "true", "false", [2, 3, 5],
      lambda a, b, i: sum(a.at([i[0], k, i[1]]) * b.at([k, i[2]]) for k in range(4)))


def integer_weights(net, w):
    """Whole numbers times one half."""
    c = net.layer("Convert", [net.const(w.shape, w.data, "i8")], [("f32", w.shape)],
                  attrs(destination_type="f32"))[0]
    return net.layer("Multiply", [c, net.const([], [0.5])], [("f32", w.shape)])[0]


@case("bias_behind_transpose")
def bias_behind_transpose():
    """The addition lies on the rows, which are as many as the channels."""
    x, w, b = rand([1, 2, 3, 4]), rand([3, 2, 1, 1], "i8", -9, 9), rand([1, 3, 1, 1])
    y = convolve(x, Tensor(w.shape, [v / 2 for v in w.data]), [1, 1], [1, 1], [0, 0], [0, 0])
    net = Net()
    ref = net.layer("Convolution", [net.param(x), integer_weights(net, w)], [("f32", [1, 3, 3, 4])],
                    attrs(**SLIDE))[0]
    turned = net.layer("Transpose", [ref, net.ints([0, 2, 3, 1])], [("f32", [1, 3, 4, 3])])[0]
    net.result(net.layer("Add", [turned, net.const(b.shape, b.data)], [("f32", [1, 3, 4, 3])])[0])
    net.result(net.layer("ReLU", [ref], [("f32", y.shape)])[0])
    return net, [Tensor.make([1, 3, 4, 3], lambda i: y.at([0, i[3], i[1], i[2]]) + b.data[i[1]]),
                 Tensor(y.shape, [max(v, 0.0) for v in y.data])]


@case("bias_on_rows")
def bias_on_rows():
    x, w, b = rand([3, 4]), rand([3, 4], "i8", -9, 9), rand([3])
    net = Net()
    ref = net.layer("MatMul", [net.param(x), integer_weights(net, w)], [("f32", [3, 3])],
                    attrs(transpose_b="true"))[0]
    net.result(net.layer("Add", [ref, net.const([3], b.data)], [("f32", [3, 3])],
                         attrs(auto_broadcast="pdpd", axis=0))[0])
    return net, [Tensor.make([3, 3], lambda i: b.data[i[0]] + sum(
        x.at([i[0], k]) * w.at([i[1], k]) / 2 for k in range(4)))]


for kind_of in ("Ceiling", "Floor"):
    values(kind_of + "_ints", kind_of, Tensor([3], [-7, 0, 9], "i32"),
           Tensor([3], [-7, 0, 9], "i32"))
