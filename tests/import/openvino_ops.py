# SPDX-License-Identifier: Apache-2.0
"""
Small networks, one for each form of each layer, with what they must give. The arithmetic is written
out plainly, from the definition of the layers, and shares nothing with the compiler's.
"""
import math
import random
from itertools import product

from openvino_model import Net, Tensor, count

CASES = []
R = random.Random(1)


def case(name):
    def wrap(fn):
        CASES.append((name or fn.__name__, fn))
        return fn
    return wrap


def rand(shape, dtype="f32", lo=-2.0, hi=2.0):
    n = count(shape)
    if dtype == "f32":
        return Tensor(shape, [round(R.uniform(lo, hi) * 64) / 64 for _ in range(n)])
    return Tensor(shape, [R.randint(int(lo), int(hi)) for _ in range(n)], dtype)


def attrs(**kw):
    def text(v):
        return ",".join(map(str, v)) if isinstance(v, (list, tuple)) else v
    return " ".join('%s="%s"' % (k.replace("__", "-"), text(v)) for k, v in kw.items())


def one(kind, x, out, extra=(), data="", version="opset1", consts=()):
    """One layer on inputs x (tensors), constants behind them, one output."""
    net = Net()
    refs = [net.param(t) for t in x]
    refs += [net.const(t.shape, t.data, t.dtype) for t in consts]
    refs += [net.ints(e) if isinstance(e, list) else net.ints([e], []) for e in extra]
    net.result(net.layer(kind, refs, [(out.dtype, out.shape)], data, version)[0])
    return net, [out]


# ---- elementwise --------------------------------------------------------------------------------

def broadcast(a, b):
    rank = max(len(a), len(b))
    a, b = [1] * (rank - len(a)) + list(a), [1] * (rank - len(b)) + list(b)
    return [y if x == 1 else x for x, y in zip(a, b)]


def spread(t, index):
    index = index[len(index) - len(t.shape):]
    return t.at([0 if d == 1 else i for i, d in zip(index, t.shape)])


def binary(kind, fn, sa, sb, dtype="f32", out="same", lo=-2, hi=2, blo=None, version="opset1"):
    def make():
        a = rand(sa, dtype, lo, hi)
        b = rand(sb, dtype, lo if blo is None else blo, hi)
        y = Tensor.make(broadcast(sa, sb), lambda i: fn(spread(a, i), spread(b, i)),
                        dtype if out == "same" else out)
        return one(kind, [a, b], y, data='auto_broadcast="numpy"', version=version)
    shapes = "x".join(map(str, list(sa) + ["b"] + list(sb)))
    CASES.append(("%s_%s_%s" % (kind, dtype, shapes), make))


for kind, fn in [("Add", lambda a, b: a + b), ("Subtract", lambda a, b: a - b),
                 ("Multiply", lambda a, b: a * b), ("Maximum", max), ("Minimum", min),
                 ("SquaredDifference", lambda a, b: (a - b) ** 2)]:
    binary(kind, fn, [1, 3, 4, 5], [1, 3, 1, 1])
    binary(kind, fn, [2, 3], [2, 3], "i32", lo=-50, hi=50)
binary("Add", lambda a, b: a + b, [3, 1], [1, 4], "i64", lo=-9, hi=9)
binary("Divide", lambda a, b: a / b, [2, 5], [5], lo=1, hi=3)
binary("Divide", lambda a, b: a // b, [4, 5], [4, 5], "i32", lo=-20, hi=20, blo=1)
binary("Power", lambda a, b: a ** b, [2, 5], [1], lo=1, hi=3)
binary("FloorMod", lambda a, b: a - b * math.floor(a / b), [4, 5], [5], lo=-9, hi=9, blo=1)
binary("Mod", math.fmod, [4, 5], [5], lo=-9, hi=9, blo=1)
binary("Mod", lambda a, b: int(math.fmod(a, b)), [4, 5], [4, 5], "i32", lo=-20, hi=20, blo=1)
for kind, fn in [("Equal", lambda a, b: a == b), ("NotEqual", lambda a, b: a != b),
                 ("Less", lambda a, b: a < b), ("LessEqual", lambda a, b: a <= b),
                 ("Greater", lambda a, b: a > b), ("GreaterEqual", lambda a, b: a >= b)]:
    binary(kind, lambda a, b, fn=fn: int(fn(a, b)), [3, 4], [4], "i32", "boolean", lo=0, hi=3)
for kind, fn in [("LogicalAnd", lambda a, b: a & b), ("LogicalOr", lambda a, b: a | b),
                 ("LogicalXor", lambda a, b: a ^ b)]:
    binary(kind, fn, [3, 4], [3, 4], "boolean", lo=0, hi=1)


for kind, fn in [("BitwiseAnd", lambda a, b: a & b), ("BitwiseOr", lambda a, b: a | b),
                 ("BitwiseXor", lambda a, b: a ^ b)]:
    binary(kind, fn, [3, 4], [4], "i32", lo=-100, hi=100, version="opset13")


def unary(kind, fn, dtype="f32", lo=-3.0, hi=3.0, data="", version="opset1", shape=(2, 3, 4)):
    def make():
        x = rand(shape, dtype, lo, hi)
        return one(kind, [x], Tensor(shape, [fn(v) for v in x.data], dtype), data=data,
                   version=version)
    CASES.append(("%s_%s_%s" % (kind, dtype, "".join(c for c in data if c.isalnum())), make))


def sigmoid(v):
    return 1 / (1 + math.exp(-v))


def softplus(v):
    return math.log1p(math.exp(-abs(v))) + max(v, 0)


def half_even(v):
    return float(round(v))


unary("ReLU", lambda v: max(v, 0))
unary("Clamp", lambda v: min(max(v, -0.5), 1.25), data=attrs(min=-0.5, max=1.25))
unary("Elu", lambda v: v if v > 0 else 0.5 * (math.exp(v) - 1), data=attrs(alpha=0.5))
unary("Elu", lambda v: v if v > 0 else math.exp(v) - 1, data=attrs(alpha="1.0"))
unary("Sigmoid", sigmoid)
unary("Tanh", math.tanh)
unary("Exp", math.exp)
unary("Log", math.log, lo=0.1, hi=4)
unary("Sqrt", math.sqrt, lo=0, hi=4)
unary("Sin", math.sin)
unary("Cos", math.cos)
unary("Tan", math.tan, lo=-1.2, hi=1.2)
unary("Abs", abs)
unary("Abs", abs, "i32", -9, 9)
unary("Negative", lambda v: -v)
unary("Sign", lambda v: float((v > 0) - (v < 0)))
unary("Ceiling", lambda v: float(math.ceil(v)))
unary("Floor", lambda v: float(math.floor(v)))
unary("Round", half_even, data=attrs(mode="half_to_even"), version="opset5")
unary("Round", lambda v: math.copysign(math.floor(abs(v) + 0.5), v),
      data=attrs(mode="half_away_from_zero"), version="opset5")
unary("HSwish", lambda v: v * min(max(v + 3, 0), 6) / 6, lo=-5, hi=5, version="opset4")
unary("HSigmoid", lambda v: min(max(v + 3, 0), 6) / 6, lo=-5, hi=5, version="opset5")
unary("SoftPlus", softplus, lo=-30, hi=30, version="opset4")
unary("SoftSign", lambda v: v / (1 + abs(v)), version="opset9")
unary("Mish", lambda v: v * math.tanh(softplus(v)), version="opset4")
unary("Gelu", lambda v: 0.5 * v * (1 + math.erf(v / math.sqrt(2))),
      data=attrs(approximation_mode="ERF"), version="opset7")
unary("Gelu", lambda v: 0.5 * v * (1 + math.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v ** 3))),
      data=attrs(approximation_mode="TANH"), version="opset7")
unary("Erf", math.erf)
unary("Asin", math.asin, lo=-1, hi=1, version="opset1")
unary("Acos", math.acos, lo=-1, hi=1)
unary("Atan", math.atan)
unary("Sinh", math.sinh)
unary("Cosh", math.cosh)
unary("Asinh", math.asinh)
unary("Acosh", math.acosh, lo=1, hi=5)
unary("Atanh", math.atanh, lo=-0.9, hi=0.9)
unary("LogicalNot", lambda v: 1 - v, "boolean", 0, 1)
unary("Swish", lambda v: v * sigmoid(v), version="opset4")


@case("Round_halves")
def round_halves():
    x = Tensor([6], [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
    return one("Round", [x], Tensor([6], [-2, -2, 0, 0, 2, 2]), data=attrs(mode="half_to_even"),
               version="opset5")


def with_numbers(kind, numbers, fn, version):
    def make():
        x = rand([3, 5], lo=-4, hi=4)
        return one(kind, [x], Tensor([3, 5], [fn(v) for v in x.data]), version=version,
                   consts=[Tensor([], [v]) for v in numbers])
    CASES.append((kind + "_numbers", make))


with_numbers("Swish", [1.5], lambda v: v * sigmoid(1.5 * v), "opset4")
with_numbers("HardSigmoid", [0.25, 0.5], lambda v: min(max(0.25 * v + 0.5, 0), 1), "opset1")
with_numbers("Selu", [1.5, 1.25], lambda v: 1.25 * (v if v > 0 else 1.5 * (math.exp(v) - 1)),
             "opset1")


@case("PReLU_channels")
def prelu():
    x, a = rand([1, 3, 2, 2]), Tensor([3], [0.25, -0.5, 2])
    y = Tensor.make(x.shape, lambda i: x.at(i) if x.at(i) > 0 else x.at(i) * a.data[i[1]])
    return one("PReLU", [x], y, consts=[a])


@case("Add_pdpd")
def pdpd():
    a, b = rand([2, 3, 4]), rand([3])
    y = Tensor.make(a.shape, lambda i: a.at(i) + b.at([i[1]]))
    return one("Add", [a, b], y, data=attrs(auto_broadcast="pdpd", axis=1))


@case("Select")
def select():
    c, a, b = rand([2, 1], "boolean", 0, 1), rand([2, 3]), rand([3])
    y = Tensor.make([2, 3], lambda i: a.at(i) if spread(c, i) else spread(b, i))
    return one("Select", [c, a, b], y)


def softmax(kind, axis, shape, version="opset8", name=None, data=None):
    """data: the attributes as they stand, if not the axis alone."""
    def make():
        x = rand(shape)
        def at(i):
            line = [x.at(list(i[:axis]) + [k] + list(i[axis + 1:])) for k in range(shape[axis])]
            v = math.exp(x.at(i)) / sum(map(math.exp, line))
            return math.log(v) if kind == "LogSoftmax" else v
        return one(kind, [x], Tensor.make(shape, at), version=version,
                   data=attrs(axis=axis) if data is None else data)
    CASES.append(("%s_%s" % (kind, name or axis), make))


softmax("SoftMax", 1, [2, 5, 3])
softmax("SoftMax", 2, [2, 3, 5])
softmax("LogSoftmax", 0, [4, 3])

# ---- convolutions and pools ---------------------------------------------------------------------


def convolve(x, w, stride, dilation, begin, end, groups=1):
    spatial = len(x.shape) - 2
    out = [(x.shape[2 + k] + begin[k] + end[k] - ((w.shape[2 + k] - 1) * dilation[k] + 1))
           // stride[k] + 1 for k in range(spatial)]
    each_in, each_out = w.shape[1], w.shape[0] // groups

    def at(i):
        n, o, place = i[0], i[1], i[2:]
        total = 0.0
        for c in range(each_in):
            for tap in product(*[range(d) for d in w.shape[2:]]):
                p = [place[k] * stride[k] - begin[k] + tap[k] * dilation[k] for k in range(spatial)]
                if all(0 <= v < x.shape[2 + k] for k, v in enumerate(p)):
                    total += x.at([n, o // each_out * each_in + c] + p) * w.at([o, c] + list(tap))
        return total
    return Tensor.make([x.shape[0], w.shape[0]] + out, at)


def same(size, kernel, stride, dilation, lower):
    total = max((-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return (total - total // 2, total // 2) if lower else (total // 2, total - total // 2)


def conv(name, xs, ws, stride, dilation, begin, end, groups=1, auto=None):
    def make():
        x, w = rand(xs), rand(ws)
        b, e = begin, end
        if auto in ("same_upper", "same_lower"):
            pads = [same(xs[2 + k], ws[2 + k], stride[k], dilation[k], auto == "same_lower")
                    for k in range(len(xs) - 2)]
            b, e = [p[0] for p in pads], [p[1] for p in pads]
        elif auto == "valid":
            b = e = [0] * (len(xs) - 2)
        y = convolve(x, w, stride, dilation, b, e, groups)
        data = attrs(strides=stride, dilations=dilation, pads_begin=begin, pads_end=end,
                     auto_pad=auto or "explicit")
        if groups > 1:
            w = Tensor([groups, ws[0] // groups] + ws[1:], w.data)
        return one("GroupConvolution" if groups > 1 else "Convolution", [x], y, data=data,
                   consts=[w])
    CASES.append(("Convolution_" + name, make))


conv("plain", [1, 3, 6, 5], [4, 3, 3, 3], [1, 1], [1, 1], [0, 0], [0, 0])
conv("uneven", [2, 2, 7, 6], [3, 2, 3, 2], [2, 1], [1, 2], [1, 0], [2, 1])
conv("upper", [1, 2, 7, 8], [3, 2, 4, 3], [2, 3], [1, 1], [0, 0], [0, 0], auto="same_upper")
conv("lower", [1, 2, 7, 8], [3, 2, 4, 3], [2, 3], [1, 1], [0, 0], [0, 0], auto="same_lower")
conv("valid", [1, 2, 7, 8], [3, 2, 4, 3], [2, 3], [1, 1], [1, 1], [1, 1], auto="valid")
conv("line", [2, 3, 9], [4, 3, 3], [2], [1], [1], [0])
conv("line_dilated", [1, 2, 12], [2, 2, 3], [1], [3], [2], [2])
conv("volume", [1, 2, 4, 5, 4], [3, 2, 2, 3, 2], [1, 2, 1], [1, 1, 2], [0, 1, 1], [1, 1, 0])
conv("volume_groups", [1, 4, 3, 4, 4], [2, 2, 2, 2, 3], [1, 1, 1], [1, 1, 1], [0, 0, 0],
     [0, 0, 0], 2)
conv("groups", [1, 4, 5, 5], [6, 2, 3, 3], [1, 1], [1, 1], [1, 1], [1, 1], 2)
conv("depthwise", [1, 4, 5, 6], [4, 1, 3, 3], [1, 2], [1, 1], [1, 1], [1, 1], 4)
conv("multiplier", [1, 3, 5, 6], [6, 1, 3, 2], [1, 1], [1, 1], [0, 0], [0, 0], 3)
conv("depthwise_line", [1, 3, 8], [3, 1, 3], [1], [1], [1], [1], 3)


def backprop(name, xs, ws, stride, begin, end, more=None, groups=1, shape=None, auto=None):
    """ws: [in, out / groups, ...]"""
    def make():
        x, w = rand(xs), rand(ws)
        spatial = len(xs) - 2
        full = [(xs[2 + k] - 1) * stride[k] + ws[2 + k] for k in range(spatial)]
        b = list(begin)
        out = [full[k] - begin[k] - end[k] + (more[k] if more else 0) for k in range(spatial)]
        if shape:
            out = shape
            total = [max(full[k] - shape[k] + (more[k] if more else 0), 0) for k in range(spatial)]
            b = [t - t // 2 if auto == "same_upper" else t // 2 for t in total]
        each_in, each_out = xs[1] // groups, ws[1]
        y = {}
        for n, c in product(range(xs[0]), range(xs[1])):
            g = c // each_in
            for p in product(*[range(d) for d in xs[2:]]):
                for o in range(each_out):
                    for tap in product(*[range(d) for d in ws[2:]]):
                        at = [p[k] * stride[k] + tap[k] - b[k] for k in range(spatial)]
                        if all(0 <= v < out[k] for k, v in enumerate(at)):
                            key = (n, g * each_out + o) + tuple(at)
                            y[key] = (y.get(key, 0) +
                                      x.at([n, c] + list(p)) * w.at([c, o] + list(tap)))
        out_t = Tensor.make([xs[0], each_out * groups] + out, lambda i: y.get(i, 0.0))
        data = attrs(strides=stride, dilations=[1] * spatial, pads_begin=begin, pads_end=end,
                     auto_pad=auto or "explicit", **({"output_padding": more} if more else {}))
        if groups > 1:
            w = Tensor([groups, each_in, each_out] + ws[2:], w.data)
        consts = [w] + ([Tensor([spatial], shape, "i64")] if shape else [])
        kind = "GroupConvolutionBackpropData" if groups > 1 else "ConvolutionBackpropData"
        return one(kind, [x], out_t, data=data, consts=consts)
    CASES.append(("Backprop_" + name, make))


backprop("plain", [1, 3, 4, 5], [3, 2, 3, 3], [2, 2], [1, 1], [1, 1])
backprop("more", [1, 2, 4, 4], [2, 3, 3, 3], [2, 2], [1, 1], [1, 1], [1, 1])
backprop("shape", [1, 2, 4, 4], [2, 3, 3, 3], [2, 2], [0, 0], [0, 0], shape=[8, 7],
         auto="same_upper")
backprop("groups", [1, 4, 3, 3], [4, 3, 2, 2], [2, 2], [0, 0], [0, 0], groups=2)
backprop("line", [1, 2, 5], [2, 3, 4], [2], [1], [1])


def pool(name, kind, xs, kernel, stride, begin, end, rounding="floor", exclude=None, dilation=None,
         auto="explicit"):
    def make():
        x = rand(xs)
        spatial = len(kernel)
        d = dilation or [1] * spatial
        b, e = list(begin), list(end)
        out = []
        for k in range(spatial):
            if auto.startswith("same"):
                b[k], e[k] = same(xs[2 + k], kernel[k], stride[k], d[k], auto == "same_lower")
            room = xs[2 + k] + b[k] + e[k] - ((kernel[k] - 1) * d[k] + 1)
            out.append((-(-room // stride[k]) if rounding == "ceil" else room // stride[k]) + 1)

        def at(i):
            values, padded = [], 0
            for tap in product(*[range(v) for v in kernel]):
                p = [i[2 + k] * stride[k] - b[k] + tap[k] * d[k] for k in range(spatial)]
                if all(0 <= v < xs[2 + k] for k, v in enumerate(p)):
                    values.append(x.at(list(i[:2]) + p))
                elif all(-b[k] <= v < xs[2 + k] + e[k] for k, v in enumerate(p)):
                    padded += 1
            if kind == "MaxPool":
                return max(values)
            return sum(values) / (len(values) + (0 if exclude == "true" else padded))
        y = Tensor.make(xs[:2] + out, at)
        kw = dict(kernel=kernel, strides=stride, pads_begin=begin, pads_end=end,
                  rounding_type=rounding, auto_pad=auto)
        if exclude:
            kw["exclude__pad"] = exclude
        net = Net()
        p = net.param(x)
        if dilation:
            kw.update(dilations=dilation, index_element_type="i64", axis=0)
            ref = net.layer(kind, [p], [("f32", y.shape), ("i64", y.shape)], attrs(**kw), "opset8")
        else:
            ref = net.layer(kind, [p], [("f32", y.shape)], attrs(**kw))
        net.result(ref[0])
        return net, [y]
    CASES.append(("%s_%s" % (kind, name), make))


pool("plain", "MaxPool", [1, 3, 6, 6], [2, 2], [2, 2], [0, 0], [0, 0])
pool("ceil", "MaxPool", [1, 2, 7, 8], [3, 3], [2, 2], [0, 1], [0, 1], "ceil")
pool("same", "MaxPool", [1, 2, 7, 8], [3, 2], [2, 2], [0, 0], [0, 0], auto="same_upper")
pool("dilated", "MaxPool", [1, 2, 9, 8], [3, 2], [2, 1], [1, 0], [1, 0], dilation=[2, 3])
pool("line", "MaxPool", [1, 2, 9], [3], [2], [1], [1])
pool("exclude", "AvgPool", [1, 2, 6, 7], [3, 3], [2, 2], [1, 1], [1, 1], exclude="true")
pool("include", "AvgPool", [1, 2, 6, 7], [3, 3], [2, 2], [1, 1], [1, 1], exclude="false")
pool("include_ceil", "AvgPool", [1, 2, 6, 8], [3, 3], [2, 2], [1, 0], [0, 1], "ceil",
     exclude="false")
pool("same", "AvgPool", [1, 2, 7, 7], [2, 2], [2, 2], [0, 0], [0, 0], exclude="true",
     auto="same_lower")


@case("AdaptiveAvgPool")
def adaptive():
    x = rand([1, 2, 6, 4])
    y = Tensor.make([1, 2, 2, 2], lambda i: sum(
        x.at([i[0], i[1], i[2] * 3 + a, i[3] * 2 + b]) for a in range(3) for b in range(2)) / 6)
    return one("AdaptiveAvgPool", [x], y, extra=[[2, 2]], version="opset8")


# ---- matrix products ----------------------------------------------------------------------------

def matmul(name, sa, sb, ta=False, tb=False, const=True):
    def make():
        a, b = rand(sa), rand(sb)
        ra, rb = list(sa), list(sb)
        va, vb = len(ra) == 1, len(rb) == 1
        ra, rb = [1] + ra if va else ra, rb + [1] if vb else rb
        A, B = Tensor(ra, a.data), Tensor(rb, b.data)
        rows, inner = (ra[-1], ra[-2]) if ta and not va else (ra[-2], ra[-1])
        cols = rb[-2] if tb and not vb else rb[-1]
        lead = broadcast(ra[:-2], rb[:-2])

        def at(i):
            i = list(i)
            col = 0 if vb else i.pop()
            row = 0 if va else i.pop()
            total = 0
            for k in range(inner):
                pa = [k, row] if ta and not va else [row, k]
                pb = [col, k] if tb and not vb else [k, col]
                total += spread(A, i + pa) * spread(B, i + pb)
            return total
        y = Tensor.make(lead + ([] if va else [rows]) + ([] if vb else [cols]), at)
        data = attrs(transpose_a=str(ta).lower(), transpose_b=str(tb).lower())
        return one("MatMul", [a] if const else [a, b], y, data=data, consts=[b] if const else [])
    CASES.append(("MatMul_" + name, make))


matmul("dense", [1, 6], [4, 6], tb=True)
matmul("turned", [3, 6], [6, 4])
matmul("leading", [2, 3, 6], [4, 6], tb=True)
matmul("left_turned", [6, 3], [6, 4], ta=True)
matmul("batched", [2, 3, 4], [2, 4, 5], const=False)
matmul("batched_turned", [2, 4, 3], [1, 5, 4], ta=True, tb=True, const=False)
matmul("spread", [2, 1, 3, 4], [5, 4, 2], const=False)
matmul("vector_left", [4], [2, 4, 3], const=False)
matmul("vector_right", [2, 3, 4], [4], const=False)
matmul("vectors", [4], [4], const=False)


@case("Attention")
def attention():
    q, k, v = rand([1, 2, 3, 4]), rand([1, 2, 5, 4]), rand([1, 2, 5, 6])
    mask = rand([3, 5], "boolean", 0, 1)
    for i in range(3):
        mask.data[i * 5] = 1

    def weights(h, i):
        s = [sum(q.at([0, h, i, d]) * k.at([0, h, j, d]) for d in range(4)) / 2 for j in range(5)]
        s = [math.exp(x) if mask.at([i, j]) else 0 for j, x in enumerate(s)]
        return [x / sum(s) for x in s]
    y = Tensor.make([1, 2, 3, 6], lambda i: sum(
        w * v.at([0, i[1], j, i[3]]) for j, w in enumerate(weights(i[1], i[2]))))
    return one("ScaledDotProductAttention", [q, k, v, mask], y, data=attrs(causal="false"),
               version="opset13")


@case("Attention_causal")
def attention_causal():
    q, k, v = rand([2, 3, 4]), rand([2, 3, 4]), rand([2, 3, 2])

    def weights(h, i):
        s = [math.exp(sum(q.at([h, i, d]) * k.at([h, j, d]) for d in range(4)) / 2)
             if j <= i else 0 for j in range(3)]
        return [x / sum(s) for x in s]
    y = Tensor.make([2, 3, 2], lambda i: sum(
        w * v.at([i[0], j, i[2]]) for j, w in enumerate(weights(i[0], i[1]))))
    return one("ScaledDotProductAttention", [q, k, v], y, data=attrs(causal="true"),
               version="opset13")
