# SPDX-License-Identifier: Apache-2.0
"""Further networks: data movement, indices, normalisations, resizing, quantization, recurrence."""
import math
from itertools import product

from openvino_model import Net, Tensor, count
from openvino_ops import CASES, attrs, case, convolve, one, rand, sigmoid


def moved(name, kind, xs, ys, fn, extra=(), data="", version="opset1", dtype="f32"):
    """Output element i is element fn(i) of the operand, or the number fn(i)."""
    def make():
        x = rand(xs, dtype, -9, 9)

        def at(i):
            k = fn(i)
            return x.at(k) if isinstance(k, (list, tuple)) else k
        return one(kind, [x], Tensor.make(ys, at, dtype), extra, data, version)
    CASES.append((kind + "_" + name, make))


def flat(xs, i, ys):
    k = 0
    for d, n in zip(i, ys):
        k = k * n + d
    out = []
    for n in reversed(xs):
        out.insert(0, k % n)
        k //= n
    return out


def reshaped(name, kind, xs, ys, extra, data="", **kw):
    moved(name, kind, xs, ys, lambda i: flat(xs, i, ys), extra, data, **kw)


reshaped("open", "Reshape", [2, 3, 4], [6, 4], [[-1, 4]], attrs(special_zero="false"))
reshaped("special", "Reshape", [2, 3, 4], [2, 12], [[0, -1]], attrs(special_zero="true"))
reshaped("some", "Squeeze", [1, 3, 1, 2], [3, 1, 2], [[0]])
reshaped("all", "Squeeze", [1, 3, 1, 2], [3, 2], [])
reshaped("two", "Unsqueeze", [3, 2], [1, 3, 1, 2], [[0, -2]])
moved("order", "Transpose", [2, 3, 4], [4, 2, 3], lambda i: [i[1], i[2], i[0]], [[2, 0, 1]])
moved("ints", "Transpose", [2, 3], [3, 2], lambda i: [i[1], i[0]], [[1, 0]], dtype="i32")
moved("twice", "Tile", [2, 3], [2, 6], lambda i: [i[0], i[1] % 3], [[1, 2]])
moved("more", "Tile", [3], [2, 3], lambda i: [i[1]], [[2, 1]])
moved("numpy", "Broadcast", [3, 1], [2, 3, 4], lambda i: [i[1], 0], [[2, 3, 4]],
      attrs(mode="numpy"), "opset3")
moved("both", "Broadcast", [1, 3, 1], [2, 3, 4], lambda i: [0, i[1], 0], [[2, 1, 4]],
      attrs(mode="bidirectional"), "opset3")
moved("explicit", "Broadcast", [3], [2, 3, 4], lambda i: [i[1]], [[2, 3, 4], [1]],
      attrs(mode="explicit"))
moved("constant", "Pad", [2, 3], [4, 4], lambda i: [i[0] - 1, i[1]]
      if 1 <= i[0] < 3 and i[1] < 3 else 0, [[1, 0], [1, 1]], attrs(pad_mode="constant"))
moved("edge", "Pad", [2, 3], [4, 6], lambda i: [min(max(i[0] - 1, 0), 1), min(max(i[1] - 2, 0), 2)],
      [[1, 2], [1, 1]], attrs(pad_mode="edge"))
moved("reflect", "Pad", [2, 4], [2, 8], lambda i: [i[0], [2, 1, 0, 1, 2, 3, 2, 1][i[1]]],
      [[0, 2], [0, 2]], attrs(pad_mode="reflect"))
moved("symmetric", "Pad", [2, 4], [2, 8], lambda i: [i[0], [1, 0, 0, 1, 2, 3, 3, 2][i[1]]],
      [[0, 2], [0, 2]], attrs(pad_mode="symmetric"))
moved("negative", "Pad", [2, 5], [3, 3], lambda i: [i[0] - 1, i[1] + 1] if i[0] else 0,
      [[1, -1], [0, -1]], attrs(pad_mode="constant"), "opset12")
moved("plain", "Reverse", [2, 3], [2, 3], lambda i: [i[0], 2 - i[1]], [[1]], attrs(mode="index"))
moved("steps", "Slice", [4, 5], [2, 2], lambda i: [i[0] + 1, 4 - 2 * i[1]],
      [[1, -1], [3, 0], [1, -2]], version="opset8")
moved("axes", "Slice", [4, 5], [4, 3], lambda i: [i[0], i[1] + 2], [[2], [100], [1], [1]],
      version="opset8")
moved("backwards", "Slice", [6], [6], lambda i: [5 - i[0]], [[-1], [-100], [-1]], version="opset8")


def strided(name, xs, ys, fn, begin, end, step, **masks):
    """A mask of 1 says that the bound is ignored."""
    given = dict(begin_mask=[0] * len(begin), end_mask=[0] * len(begin))
    moved(name, "StridedSlice", xs, ys, fn, [begin, end] + ([step] if step else []),
          attrs(**dict(given, **masks)))


strided("plain", [4, 4, 4, 4, 4, 4], [4, 3, 2, 2, 3, 2],
        lambda i: [i[0], 1 + i[1], 2 * i[2], 1 + 2 * i[3], 3 - i[4], 3 - 2 * i[5]],
        [0, 1, 0, 1, 3, 3], [4, 4, 4, 4, 0, 0], [1, 1, 2, 2, -1, -2])
strided("from_the_end", [2, 3, 4], [2, 2, 3], lambda i: i, [0, 0, 0], [2, 2, -1], [1, 1, 1])
strided("masks", [2, 3, 4], [1, 3, 4], lambda i: [1, i[1], 3 - i[2]],
        [1, 1, 123], [0, 0, 2], [1, 1, -1], begin_mask=[0, 1, 1], end_mask=[1, 1, 1],
        new_axis_mask=[0] * 5, shrink_axis_mask=[0, 0], ellipsis_mask=[0])
strided("begin_mask", [6], [4], lambda i: [i[0]], [3], [4], [1], begin_mask=[1])
strided("end_mask", [6], [3], lambda i: [3 + i[0]], [3], [4], [1], end_mask=[1])
strided("begin_mask_back", [6], [3], lambda i: [5 - i[0]], [3], [2], [-1], begin_mask=[1])
strided("end_mask_back", [6], [2], lambda i: [3 - 2 * i[0]], [3], [2], [-2], end_mask=[1])
strided("clamped_back", [6], [1], lambda i: [0], [-100], [-100], [-1])
strided("new_axes", [2, 4], [1, 2, 1, 4], lambda i: [i[1], i[3]],
        [1234, 0, -1, 0], [1234, 2, 9876, 4], [132, 1, 241, 1], new_axis_mask=[1, 0, 1, 0],
        shrink_axis_mask=[0, 0, 0, 0], ellipsis_mask=[0, 0, 0, 0])
strided("shrink", [1, 2, 3, 4, 5], [1, 3, 4, 5], lambda i: [i[0], 0, i[1], i[2], i[3]],
        [0, 0, 0, 0, 0], [1, 0, 3, 4, 5], [1, 1, 1, 1, 1], shrink_axis_mask=[0, 1, 0, 0, 0])
strided("shrink_last", [3, 4], [3], lambda i: [i[0], 3], [0, -1], [0, 0], [1, 1],
        begin_mask=[1, 0], end_mask=[1, 0], shrink_axis_mask=[0, 1])
strided("ellipsis", [5, 2, 3, 2, 6], [4, 2, 3, 2, 5], lambda i: i, [0, 0, 0], [4, 0, 5],
        [1, -1, 1], ellipsis_mask=[0, 1, 0])
strided("ellipsis_new_axis", [5, 2, 3, 2, 6], [3, 2, 3, 2, 1, 5],
        lambda i: [2 + i[0], i[1], i[2], i[3], i[5]], [2, 1, 10, 10], [123, 1, 10, 5],
        [1, -1, 1, 1], begin_mask=[0, 0, 1, 1], end_mask=[1, 1, 0, 0], new_axis_mask=[0, 0, 1],
        shrink_axis_mask=[0], ellipsis_mask=[0, 1])
strided("all_masks", [3, 4, 2, 5], [1, 4, 2, 3], lambda i: [2, i[1], i[2], 4 - 2 * i[3]],
        [-1, 7, 7, 1], [7, 7, 7, 1], [1, 1, 1, -2], begin_mask=[0, 0, 0, 1],
        end_mask=[0, 0, 0, 1], new_axis_mask=[0, 1], shrink_axis_mask=[1], ellipsis_mask=[0, 0, 1])
strided("empty_masks", [1, 3, 8], [1, 3, 2], lambda i: [i[0], i[1], 4 + i[2]],
        [0, 0, 4], [0, 0, 6], None, begin_mask="1, 1, 0", end_mask="1, 1, 0", new_axis_mask="",
        shrink_axis_mask="", ellipsis_mask="")
moved("blocks", "DepthToSpace", [1, 8, 2, 3], [1, 2, 4, 6], lambda i: [
    0, (i[2] % 2 * 2 + i[3] % 2) * 2 + i[1], i[2] // 2, i[3] // 2],
    data=attrs(block_size=2, mode="blocks_first"))
moved("depth", "DepthToSpace", [1, 8, 2, 3], [1, 2, 4, 6], lambda i: [
    0, i[1] * 4 + i[2] % 2 * 2 + i[3] % 2, i[2] // 2, i[3] // 2],
    data=attrs(block_size=2, mode="depth_first"))
moved("blocks", "SpaceToDepth", [1, 2, 4, 6], [1, 8, 2, 3], lambda i: [
    0, i[1] % 2, i[2] * 2 + i[1] // 4, i[3] * 2 + i[1] // 2 % 2],
    data=attrs(block_size=2, mode="blocks_first"))
moved("depth", "SpaceToDepth", [1, 2, 4, 6], [1, 8, 2, 3], lambda i: [
    0, i[1] // 4, i[2] * 2 + i[1] % 4 // 2, i[3] * 2 + i[1] % 2],
    data=attrs(block_size=2, mode="depth_first"))
moved("plain", "ShuffleChannels", [1, 6, 2], [1, 6, 2],
      lambda i: [0, i[1] % 2 * 3 + i[1] // 2, i[2]],
      data=attrs(axis=1, group=2))
moved("v1", "Gather", [3, 4], [3, 2], lambda i: [i[0], [3, 1][i[1]]], [[3, 1], 1])
moved("negative", "Gather", [3, 4], [2, 4], lambda i: [[2, 0][i[0]], i[1]], [[-1, 0], 0],
      attrs(batch_dims=0), "opset8")
moved("scalar", "Gather", [3, 4], [4], lambda i: [1, i[0]], [1, 0], attrs(batch_dims=0), "opset8")


def many(name, kind, xs, parts, axis, extra, data=""):
    def make():
        x = rand(xs)
        net = Net()
        refs = [net.param(x)] + [net.ints(e) if isinstance(e, list) else net.ints([e], [])
                                 for e in extra]
        outs, at = [], 0
        for p in parts:
            shape = xs[:axis] + [p] + xs[axis + 1:]
            outs.append(Tensor.make(shape, lambda i, at=at: x.at(
                list(i[:axis]) + [i[axis] + at] + list(i[axis + 1:]))))
            at += p
        for r in net.layer(kind, refs, [("f32", o.shape) for o in outs], data):
            net.result(r)
        return net, outs
    CASES.append((kind + "_" + name, make))


many("equal", "Split", [2, 6], [2, 2, 2], 1, [1], attrs(num_splits=3))
many("unequal", "VariadicSplit", [5, 2], [1, 3, 1], 0, [0, [1, -1, 1]])


@case("Concat")
def concat():
    a, b = rand([2, 1, 3]), rand([2, 2, 3])
    y = Tensor.make([2, 3, 3], lambda i: a.at(i) if i[1] < 1 else b.at([i[0], i[1] - 1, i[2]]))
    return one("Concat", [a, b], y, data=attrs(axis=-2))


@case("Range")
def numbers():
    x = rand([4], "i32", 0, 9)
    net = Net()
    p = net.param(x)
    r = net.layer("Range", [net.ints([v], []) for v in (2, 10, 2)], [("i32", [4])],
                  attrs(output_type="i32"), "opset4")
    net.result(net.layer("Add", [p, r[0]], [("i32", [4])])[0])
    return net, [Tensor([4], [v + 2 + 2 * i for i, v in enumerate(x.data)], "i32")]


@case("shapes_computed")
def shapes():
    """ShapeOf, Gather, Multiply and Concat make the shape of a Reshape."""
    x = rand([2, 3, 4])
    net = Net()
    p = net.param(x)
    s = net.layer("ShapeOf", [p], [("i64", [3])], attrs(output_type="i64"), "opset3")[0]
    a = net.layer("Gather", [s, net.ints([0]), net.ints([0], [])], [("i64", [1])], "", "opset1")[0]
    b = net.layer("Gather", [s, net.ints([2]), net.ints([0], [])], [("i64", [1])], "", "opset1")[0]
    m = net.layer("Multiply", [a, b], [("i64", [1])])[0]
    c = net.layer("Concat", [m, net.ints([-1])], [("i64", [2])], attrs(axis=0))[0]
    net.result(net.layer("Reshape", [p, c], [("f32", [8, 3])], attrs(special_zero="false"))[0])
    return net, [Tensor([8, 3], x.data)]


@case("GatherND")
def gather_nd():
    x = rand([3, 4, 2])
    where = [[2, 1], [0, 3]]
    y = Tensor.make([2, 2], lambda i: x.at(where[i[0]] + [i[1]]))
    return one("GatherND", [x], y, data=attrs(batch_dims=0), version="opset8",
               consts=[Tensor([2, 2], sum(where, []), "i64")])


@case("GatherElements")
def gather_elements():
    x, k = rand([3, 4]), Tensor([2, 4], [0, 2, 1, 0, -1, 0, 2, 1], "i32")
    y = Tensor.make([2, 4], lambda i: x.at([k.at(i) % 3, i[1]]))
    return one("GatherElements", [x, k], y, data=attrs(axis=0), version="opset6")


def scattered(name, kind, version, make_y, consts, data=""):
    def make():
        x = rand([3, 4])
        return one(kind, [x], make_y(x), data=data, version=version, consts=consts)
    CASES.append((name, make))


U = Tensor([2, 4], [float(10 + k) for k in range(8)])
scattered("ScatterNDUpdate", "ScatterNDUpdate", "opset3",
          lambda x: Tensor(x.shape, U.data[4:] + x.data[4:8] + U.data[:4]),
          [Tensor([2, 1], [2, 0], "i64"), U])
scattered("ScatterUpdate_1", "ScatterUpdate", "opset3",
          lambda x: Tensor.make(x.shape, lambda i: {3: 20.0, 1: 30.0}.get(i[1], x.at(i)) +
                                (i[0] if i[1] in (1, 3) else 0)),
          [Tensor([2], [3, 1], "i64"), Tensor([3, 2], [20.0, 30.0, 21.0, 31.0, 22.0, 32.0]),
           Tensor([], [1], "i64")])
scattered("ScatterElementsUpdate", "ScatterElementsUpdate", "opset3",
          lambda x: Tensor.make(x.shape, lambda i: {(0, 2): 7.0, (1, 0): 8.0}.get(i, x.at(i))),
          [Tensor([2, 1], [2, 0], "i32"), Tensor([2, 1], [7.0, 8.0]), Tensor([], [1], "i64")])
scattered("ScatterElementsUpdate_sum", "ScatterElementsUpdate", "opset12",
          lambda x: Tensor.make(x.shape, lambda i: x.at(i) + (15.0 if i == (0, 2) else 0)),
          [Tensor([1, 2], [2, 2], "i32"), Tensor([1, 2], [7.0, 8.0]), Tensor([], [1], "i64")],
          attrs(reduction="sum", use_init_val="true"))


@case("OneHot")
def one_hot():
    i = Tensor([3], [2, 0, 3], "i32")
    y = Tensor.make([3, 4], lambda k: 5.0 if i.data[k[0]] == k[1] else -1.0)
    net = Net()
    refs = [net.param(i), net.ints([4], []), net.const([], [5.0]), net.const([], [-1.0])]
    net.result(net.layer("OneHot", refs, [("f32", [3, 4])], attrs(axis=-1))[0])
    return net, [y]


@case("CumSum")
def cumsum():
    x = rand([2, 4])
    y = Tensor.make([2, 4], lambda i: sum(x.at([i[0], k]) for k in range(i[1] + 1, 4)))
    return one("CumSum", [x], y, extra=[1], data=attrs(exclusive="true", reverse="true"),
               version="opset3")


def top_k(mode, axis):
    def make():
        x = Tensor([3, 4], [4, 1, 9, 3, 2, 8, 0, 7, 6, 5, 11, 10])
        net = Net()
        lines = range(3 if axis == 1 else 4)
        shape = [3, 2] if axis == 1 else [2, 4]
        v, k = {}, {}
        for line in lines:
            items = [(x.at([line, j] if axis == 1 else [j, line]), j)
                     for j in range(4 if axis == 1 else 3)]
            items.sort(reverse=mode == "max")
            for j, (value, place) in enumerate(items[:2]):
                v[(line, j) if axis == 1 else (j, line)] = value
                k[(line, j) if axis == 1 else (j, line)] = place
        outs = [Tensor.make(shape, lambda i: v[i]), Tensor.make(shape, lambda i: k[i], "i32")]
        for r in net.layer("TopK", [net.param(x), net.ints([2], [])],
                           [("f32", shape), ("i32", shape)],
                           attrs(axis=axis, mode=mode, sort="value", index_element_type="i32"),
                           "opset3"):
            net.result(r)
        return net, outs
    CASES.append(("TopK_%s_%d" % (mode, axis), make))


top_k("max", 1)
top_k("min", 0)

# ---- reductions and normalisations --------------------------------------------------------------


def reduced(kind, fn, axes, keep, dtype="f32"):
    def make():
        x = rand([2, 3, 4], dtype, *((0, 1) if dtype == "boolean" else (-4, 4)))
        shape = [1 if i in axes else d for i, d in enumerate(x.shape)]
        folded = [range(d) if a in axes else [0] for a, d in enumerate(x.shape)]

        def at(i):
            return fn([x.at([k if a in axes else i[a] for a, k in enumerate(j)])
                       for j in product(*folded)])
        y = Tensor.make(shape, at, dtype)
        if not keep:
            y.shape = [d for i, d in enumerate(y.shape) if i not in axes]
        return one(kind, [x], y, extra=[list(axes)], data=attrs(keep_dims=str(keep).lower()),
                   version="opset4" if kind in ("ReduceL1", "ReduceL2") else "opset1")
    CASES.append(("%s_%s_%s" % (kind, dtype, keep), make))


for kind, fn in [("ReduceSum", sum), ("ReduceMean", lambda v: sum(v) / len(v)), ("ReduceMax", max),
                 ("ReduceMin", min), ("ReduceProd", math.prod),
                 ("ReduceL1", lambda v: sum(map(abs, v))),
                 ("ReduceL2", lambda v: math.sqrt(sum(x * x for x in v)))]:
    reduced(kind, fn, [1], False)
    reduced(kind, fn, [0, 2], True)
reduced("ReduceSum", sum, [2], False, "i32")
reduced("ReduceLogicalAnd", lambda v: int(all(v)), [2], False, "boolean")
reduced("ReduceLogicalOr", lambda v: int(any(v)), [2], True, "boolean")


@case("BatchNorm")
def batch_norm():
    x = rand([1, 3, 2, 2])
    g, b, m, v = rand([3]), rand([3]), rand([3]), rand([3], lo=0.5, hi=2)
    y = Tensor.make(x.shape, lambda i: (x.at(i) - m.data[i[1]]) / math.sqrt(v.data[i[1]] + 0.01) *
                    g.data[i[1]] + b.data[i[1]])
    return one("BatchNormInference", [x], y, data=attrs(epsilon=0.01), version="opset5",
               consts=[g, b, m, v])


def stats(x, i, axes):
    values = [x.at([k if a in axes else i[a] for a, k in enumerate(j)])
              for j in product(*[range(d) if a in axes else [0] for a, d in enumerate(x.shape)])]
    mean = sum(values) / len(values)
    return mean, sum((v - mean) ** 2 for v in values) / len(values), values


@case("MVN_6")
def mvn():
    x = rand([2, 3, 8])
    y = Tensor.make(x.shape, lambda i: (x.at(i) - stats(x, i, [2])[0]) /
                    math.sqrt(stats(x, i, [2])[1] + 1e-3))
    return one("MVN", [x], y, extra=[[-1]], version="opset6",
               data=attrs(eps=1e-3, normalize_variance="true", eps_mode="inside_sqrt"))


@case("MVN_1")
def mvn_first():
    x = rand([1, 3, 4, 4])
    y = Tensor.make(x.shape, lambda i: x.at(i) - stats(x, i, [2, 3])[0])
    return one("MVN", [x], y, data=attrs(eps=1e-3, normalize_variance="false",
                                         across_channels="false"), version="opset2")


@case("RMS")
def rms():
    x, s = rand([2, 6]), rand([6])
    y = Tensor.make(x.shape, lambda i: x.at(i) * s.data[i[1]] / math.sqrt(
        sum(x.at([i[0], k]) ** 2 for k in range(6)) / 6 + 0.01))
    return one("RMS", [x], y, data=attrs(epsilon=0.01), consts=[s])


@case("NormalizeL2")
def normalize():
    x = rand([1, 4, 3])
    y = Tensor.make(x.shape, lambda i: x.at(i) / math.sqrt(
        max(sum(v * v for v in stats(x, i, [1])[2]), 0.5)))
    return one("NormalizeL2", [x], y, extra=[[1]], data=attrs(eps=0.5, eps_mode="max"))


@case("GroupNormalization")
def group_norm():
    x, s, b = rand([2, 4, 3]), rand([4]), rand([4])

    def at(i):
        first = i[1] // 2 * 2
        values = [x.at([i[0], first + c, k]) for c in range(2) for k in range(3)]
        mean = sum(values) / 6
        var = sum((v - mean) ** 2 for v in values) / 6
        return (x.at(i) - mean) / math.sqrt(var + 0.01) * s.data[i[1]] + b.data[i[1]]
    return one("GroupNormalization", [x], Tensor.make(x.shape, at), version="opset12",
               data=attrs(num_groups=2, epsilon=0.01), consts=[s, b])


@case("LRN")
def lrn():
    x = rand([1, 6, 2, 2])

    def at(i):
        near = range(max(i[1] - 1, 0), min(i[1] + 2, 6))
        total = sum(x.at([0, c, i[2], i[3]]) ** 2 for c in near)
        return x.at(i) / (1.5 + 0.3 / 3 * total) ** 0.75
    return one("LRN", [x], Tensor.make(x.shape, at), extra=[[1]],
               data=attrs(alpha=0.3, beta=0.75, bias=1.5, size=3))


# ---- resizing -----------------------------------------------------------------------------------

def place(mode, i, n, m, scale):
    if mode == "half_pixel":
        return (i + 0.5) / scale - 0.5
    if mode == "pytorch_half_pixel":
        return (i + 0.5) / scale - 0.5 if m > 1 else 0.0
    if mode == "tf_half_pixel_for_nn":
        return (i + 0.5) / scale
    if mode == "align_corners":
        return i * (n - 1) / (m - 1) if m > 1 else 0.0
    return i / scale


ROUND = {"round_prefer_floor": lambda v: math.ceil(v - 0.5),
         "round_prefer_ceil": lambda v: math.floor(v + 0.5), "floor": math.floor, "ceil": math.ceil}


def taps(kind, mode, i, n, m, nearest):
    at = place(mode, i, n, m, m / n)
    if kind == "nearest":
        return [(min(max(ROUND[nearest](at), 0), n - 1), 1.0)]
    if kind == "cubic":
        out, base = [], math.floor(at)
        for k in range(base - 1, base + 3):
            d, a = abs(at - k), -0.75
            w = (((a + 2) * d - (a + 3)) * d * d + 1 if d <= 1 else
                 ((a * d - 5 * a) * d + 8 * a) * d - 4 * a)
            out.append((min(max(k, 0), n - 1), w))
        return out
    at = min(max(at, 0), n - 1)
    low = math.floor(at)
    return [(low, 1 - (at - low)), (min(low + 1, n - 1), at - low)]


def interpolate(kind, mode, size, nearest="round_prefer_floor", version="opset4"):
    def make():
        x = rand([1, 2, 4, 5])

        def at(i):
            return sum(wy * wx * x.at([0, i[1], y, z])
                       for y, wy in taps(kind, mode, i[2], 4, size[0], nearest)
                       for z, wx in taps(kind, mode, i[3], 5, size[1], nearest))
        net = Net()
        p = net.param(x)
        kw = dict(mode=kind, shape_calculation_mode="sizes", coordinate_transformation_mode=mode,
                  nearest_mode=nearest, antialias="false", pads_begin=[0], pads_end=[0],
                  cube_coeff=-0.75)
        refs = [p, net.ints(size)]
        if version == "opset4":
            refs.append(net.const([2], [size[0] / 4, size[1] / 5]))
        refs.append(net.ints([2, 3]))
        outs = net.layer("Interpolate", refs, [("f32", [1, 2] + size)], attrs(**kw), version)
        net.result(outs[0])
        return net, [Tensor.make([1, 2] + size, at)]
    CASES.append(("Interpolate_%s_%s_%s_%s_%s" % (kind, mode, size[0], nearest, version), make))


for mode in ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"):
    interpolate("linear_onnx" if mode == "asymmetric" else "linear", mode, [8, 10])
    interpolate("nearest", mode, [8, 10])
    interpolate("nearest", mode, [7, 3], "floor", "opset11")
interpolate("nearest", "tf_half_pixel_for_nn", [8, 3], "floor")
interpolate("nearest", "half_pixel", [6, 7], "round_prefer_ceil", "opset11")
interpolate("nearest", "half_pixel", [6, 7], "ceil")
interpolate("linear", "half_pixel", [3, 2], version="opset11")
interpolate("cubic", "half_pixel", [8, 10])
interpolate("cubic", "align_corners", [3, 7], version="opset11")

# ---- quantization, types, weights ---------------------------------------------------------------


def fake(name, low, high, out_low, out_high, levels, shape=(1, 3, 2, 4)):
    def make():
        x = rand(shape)
        channels = len(low) > 1

        def at(i):
            k = i[1] if channels else 0
            il, ih, ol, oh = low[k], high[k], out_low[k], out_high[k]
            v = min(max(x.at(i), il), ih)
            return round((v - il) / (ih - il) * (levels - 1)) / (levels - 1) * (oh - ol) + ol
        side = [1, len(low), 1, 1] if channels else []
        consts = [Tensor(side, v) for v in (low, high, out_low, out_high)]
        return one("FakeQuantize", [x], Tensor.make(shape, at),
                   data=attrs(levels=levels, auto_broadcast="numpy"), consts=consts)
    CASES.append(("FakeQuantize_" + name, make))


# steps of a power of two, so that neither rounding depends on the last bit
fake("s8", [-1.0], [127 / 128], [-1.0], [127 / 128], 256)
fake("u8", [0.0], [255 / 256], [0.0], [255 / 256], 256)
fake("narrow", [-127 / 128], [127 / 128], [-127 / 128], [127 / 128], 255)
fake("four_bits", [-0.5], [7 / 16], [-0.5], [7 / 16], 16)
fake("between", [-0.25 - 1 / 1024], [1.0 - 5 / 1024], [-0.25 - 1 / 1024], [1.0 - 5 / 1024], 256)
fake("other_range", [-1.0], [127 / 128], [-2.0], [127 / 64], 256)
fake("channels", [-1.0, -0.5, -2.0], [127 / 128, 127 / 256, 127 / 64],
     [-1.0, -0.5, -2.0], [127 / 128, 127 / 256, 127 / 64], 256)


def steps(v, low, high):
    """FakeQuantize of 256 levels."""
    v = min(max(v, low), high)
    return round((v - low) / (high - low) * 255) / 255 * (high - low) + low


def add_fake(net, ref, low, high, shape, levels=256):
    refs = [ref] + [net.const([], [v]) for v in (low, high, low, high)]
    return net.layer("FakeQuantize", refs, [("f32", shape)], attrs(levels=levels))[0]


def integers(shape, limit=127):
    return rand(shape, "i8", -limit, limit)


def scaled(net, w, scale):
    """Compressed weights: integers, Convert, Multiply."""
    c = net.layer("Convert", [net.const(w.shape, w.data, "i8")], [("f32", w.shape)],
                  attrs(destination_type="f32"))[0]
    per = [len(scale)] + [1] * (len(w.shape) - 1) if len(scale) > 1 else []
    return net.layer("Multiply", [c, net.const(per, scale)], [("f32", w.shape)])[0]


@case("quantized_network")
def quantized_network():
    """Convolution, depthwise convolution and a dense layer between FakeQuantizes. Scales are powers
    of two, so that reals and integers agree in every bit."""
    x = rand([1, 2, 6, 6])
    net = Net()
    low, high = -2.0, 127 / 64
    ref = add_fake(net, net.param(x), low, high, x.shape)
    a = Tensor(x.shape, [steps(v, low, high) for v in x.data])

    w, scale = integers([4, 2, 3, 3]), [1 / 64, 1 / 32, 1 / 128, 1 / 64]
    b = [k / 4096 for k in (100, -300, 5, 0)]
    y = convolve(a, Tensor(w.shape, [v * scale[i // 18] for i, v in enumerate(w.data)]),
                 [1, 1], [1, 1], [1, 1], [1, 1])
    ref = net.layer("Convolution", [ref, scaled(net, w, scale)], [("f32", y.shape)], attrs(
        strides=[1, 1], dilations=[1, 1], pads_begin=[1, 1], pads_end=[1, 1]))[0]
    ref = net.layer("Add", [ref, net.const([1, 4, 1, 1], b)], [("f32", y.shape)])[0]
    ref = net.layer("ReLU", [ref], [("f32", y.shape)])[0]
    ref = add_fake(net, ref, 0.0, 255 / 32, y.shape)
    y = Tensor.make(y.shape, lambda i: steps(max(y.at(i) + b[i[1]], 0.0), 0.0, 255 / 32))

    w = integers([4, 1, 1, 2, 2])
    full = Tensor([4, 1, 2, 2], [v / 64 for v in w.data])
    z = convolve(y, full, [2, 2], [1, 1], [0, 0], [0, 0], 4)
    low, high = -127 / 64, 127 / 64
    wide = net.const(w.shape, [v / 64 for v in w.data])
    side = [net.const([4, 1, 1, 1, 1], [v] * 4) for v in (low, high, low, high)]
    wide = net.layer("FakeQuantize", [wide] + side, [("f32", w.shape)], attrs(levels=255))[0]
    ref = net.layer("GroupConvolution", [ref, wide], [("f32", z.shape)], attrs(
        strides=[2, 2], dilations=[1, 1], pads_begin=[0, 0], pads_end=[0, 0]))[0]
    ref = add_fake(net, ref, -8.0, 127 / 16, z.shape)
    z = [steps(v, -8.0, 127 / 16) for v in z.data]

    w = integers([3, 36])
    b = [k / 2048 for k in (7, -900, 77)]
    ref = net.layer("Reshape", [ref, net.ints([1, 36])], [("f32", [1, 36])],
                    attrs(special_zero="false"))[0]
    ref = net.layer("MatMul", [ref, scaled(net, w, [1 / 128])], [("f32", [1, 3])],
                    attrs(transpose_a="false", transpose_b="true"))[0]
    ref = net.layer("Add", [ref, net.const([1, 3], b)], [("f32", [1, 3])])[0]
    net.result(add_fake(net, ref, -16.0, 127 / 8, [1, 3]))
    out = [sum(p * w.at([k, i]) / 128 for i, p in enumerate(z)) + b[k] for k in range(3)]
    return net, [Tensor([1, 3], [steps(v, -16.0, 127 / 8) for v in out])]


def widened(dtype, values, numbers):
    def make():
        x = rand([len(values)])
        net = Net()
        p = net.param(x)
        c = net.const([len(values)], values, dtype)
        c = net.layer("Convert", [c], [("f32", [len(values)])], attrs(destination_type="f32"))[0]
        net.result(net.layer("Add", [p, c], [("f32", [len(values)])])[0])
        return net, [Tensor([len(values)], [a + b for a, b in zip(x.data, numbers)])]
    CASES.append(("Const_" + dtype, make))


widened("f16", [1.5, -0.25, 6e-8, 65504.0, 0.0], [1.5, -0.25, 5.9604645e-8, 65504.0, 0.0])
widened("bf16", [1.5, -0.25, 3.0], [1.5, -0.25, 3.0])
widened("i8", [-128, 0, 127], [-128, 0, 127])
widened("u8", [0, 128, 255], [0, 128, 255])
widened("i16", [-32768, 5], [-32768, 5])
widened("i32", [-7, 1 << 20], [-7, 1 << 20])
widened("i64", [-7, 1 << 20], [-7, 1 << 20])
widened("i4", [-8, 7, 3], [-8, 7, 3])
widened("u4", [15, 0, 9, 1, 2], [15, 0, 9, 1, 2])


def convert(src, dst, values, want):
    def make():
        x = Tensor([len(values)], values, src)
        return one("Convert", [x], Tensor([len(want)], want, dst), data=attrs(destination_type=dst))
    CASES.append(("Convert_%s_%s" % (src, dst), make))


convert("f32", "i32", [1.75, -1.75, 0.0], [1, -1, 0])
convert("i32", "f32", [3, -4], [3.0, -4.0])
convert("u8", "f32", [0, 255], [0.0, 255.0])
convert("f32", "boolean", [0.0, 0.25, -1.0], [0, 1, 1])
convert("boolean", "f32", [0, 1], [0.0, 1.0])
convert("i64", "i32", [5, -6], [5, -6])


@case("half_precision")
def half_precision():
    """Inputs, ports and weights in half precision are computed in single."""
    x = Tensor([2, 2], [1.0, 2.0, 3.0, 4.0], "f16")
    net = Net(10)
    p = net.param(x)
    c = net.const([2, 2], [0.5, 0.25, -1.0, 8.0], "f16")
    net.result(net.layer("Multiply", [p, c], [("f16", [2, 2])])[0])
    return net, [Tensor([2, 2], [0.5, 0.5, -3.0, 32.0])]


# ---- recurrence and state -----------------------------------------------------------------------

def lstm_steps(xs, h, c, w, r, b, cells):
    """xs: input vectors; w[4 cells][in], r[4 cells][cells], b[4 cells]; gates f, i, c, o."""
    out = []
    for x in xs:
        z = [sum(a * v for a, v in zip(w[k], x)) + sum(a * v for a, v in zip(r[k], h)) + b[k]
             for k in range(4 * cells)]
        f, i = z[:cells], z[cells:2 * cells]
        g, o = z[2 * cells:3 * cells], z[3 * cells:]
        c = [sigmoid(f[k]) * c[k] + sigmoid(i[k]) * math.tanh(g[k]) for k in range(cells)]
        h = [sigmoid(o[k]) * math.tanh(c[k]) for k in range(cells)]
        out.append(h)
    return out, h, c


def rows(t, first):
    n = t.shape[-1]
    return [[t.at(list(first) + [k, j]) for j in range(n)] for k in range(t.shape[-2])]


def lstm_sequence(direction):
    def make():
        dirs, steps, n_in, cells = (2 if direction == "bidirectional" else 1), 3, 4, 2
        x, h, c = rand([1, steps, n_in]), rand([1, dirs, cells]), rand([1, dirs, cells])
        w = rand([dirs, 4 * cells, n_in], lo=-1, hi=1)
        r = rand([dirs, 4 * cells, cells], lo=-1, hi=1)
        b = rand([dirs, 4 * cells], lo=-1, hi=1)
        ys, hs, cs = [], [], []
        for d in range(dirs):
            xs = rows(x, [0])
            turned = direction == "reverse" or d == 1
            out, hn, cn = lstm_steps(xs[::-1] if turned else xs, rows(h, [0])[d], rows(c, [0])[d],
                                     rows(w, [d]), rows(r, [d]),
                                     [b.at([d, k]) for k in range(4 * cells)], cells)
            ys += sum(out[::-1] if turned else out, [])
            hs += hn
            cs += cn
        outs = [Tensor([1, dirs, steps, cells], ys), Tensor([1, dirs, cells], hs),
                Tensor([1, dirs, cells], cs)]
        net = Net()
        refs = [net.param(x), net.param(h), net.param(c), net.ints([steps])]
        refs += [net.const(t.shape, t.data) for t in (w, r, b)]
        for o in net.layer("LSTMSequence", refs, [("f32", t.shape) for t in outs],
                           attrs(hidden_size=cells, direction=direction), "opset5"):
            net.result(o)
        return net, outs
    CASES.append(("LSTMSequence_" + direction, make))


for direction in ("forward", "reverse", "bidirectional"):
    lstm_sequence(direction)


def gated(xs, h, w, r, b, hidden, linear):
    """Gates z, r, h; b has a fourth block with linear."""
    out = []
    for x in xs:
        def rows_of(m, v, k):
            return [sum(a * c for a, c in zip(m[k * hidden + j], v)) for j in range(hidden)]
        z = [sigmoid(p + q + b[j])
             for j, (p, q) in enumerate(zip(rows_of(w, x, 0), rows_of(r, h, 0)))]
        g = [sigmoid(p + q + b[hidden + j])
             for j, (p, q) in enumerate(zip(rows_of(w, x, 1), rows_of(r, h, 1)))]
        if linear:
            n = [math.tanh(p + b[2 * hidden + j] + g[j] * (q + b[3 * hidden + j]))
                 for j, (p, q) in enumerate(zip(rows_of(w, x, 2), rows_of(r, h, 2)))]
        else:
            n = [math.tanh(p + q + b[2 * hidden + j]) for j, (p, q) in enumerate(
                zip(rows_of(w, x, 2), rows_of(r, [a * c for a, c in zip(g, h)], 2)))]
        h = [(1 - z[j]) * n[j] + z[j] * h[j] for j in range(hidden)]
        out.append(h)
    return out, h


def plain(xs, h, w, r, b, hidden, fn):
    out = []
    for x in xs:
        h = [fn(sum(a * c for a, c in zip(w[j], x)) + sum(a * c for a, c in zip(r[j], h)) + b[j])
             for j in range(hidden)]
        out.append(h)
    return out, h


def sequence(name, kind, gates, blocks, step, data, direction="forward", lengths=None):
    def make():
        dirs, steps, n_in, hidden = (2 if direction == "bidirectional" else 1), 4, 3, 2
        x, h = rand([1, steps, n_in]), rand([1, dirs, hidden])
        w, r = rand([dirs, gates * hidden, n_in], lo=-1, hi=1), rand([dirs, gates * hidden, hidden],
                                                                     lo=-1, hi=1)
        b = rand([dirs, blocks * hidden], lo=-1, hi=1)
        used = lengths or steps
        ys, hs = [], []
        for d in range(dirs):
            xs = rows(x, [0])[:used]
            turned = direction == "reverse" or d == 1
            out, last = step(xs[::-1] if turned else xs, rows(h, [0])[d], rows(w, [d]),
                             rows(r, [d]), [b.at([d, k]) for k in range(blocks * hidden)], hidden)
            ys += sum(out[::-1] if turned else out, []) + [0.0] * (steps - used) * hidden
            hs += last
        outs = [Tensor([1, dirs, steps, hidden], ys), Tensor([1, dirs, hidden], hs)]
        net = Net()
        refs = [net.param(x), net.param(h), net.ints([used])]
        refs += [net.const(t.shape, t.data) for t in (w, r, b)]
        for o in net.layer(kind, refs, [("f32", t.shape) for t in outs],
                           attrs(hidden_size=hidden, direction=direction, **data), "opset5"):
            net.result(o)
        return net, outs
    CASES.append((name, make))


for linear in (False, True):
    for way in ("forward", "bidirectional"):
        sequence("GRUSequence_%s_%s" % (linear, way), "GRUSequence", 3, 4 if linear else 3,
                 lambda xs, h, w, r, b, n, linear=linear: gated(xs, h, w, r, b, n, linear),
                 dict(linear_before_reset=str(linear).lower()), way)
sequence("GRUSequence_short", "GRUSequence", 3, 3,
         lambda xs, h, w, r, b, n: gated(xs, h, w, r, b, n, False), {}, "reverse", 3)
sequence("RNNSequence", "RNNSequence", 1, 1,
         lambda xs, h, w, r, b, n: plain(xs, h, w, r, b, n, math.tanh), dict(activations="tanh"))
sequence("RNNSequence_relu", "RNNSequence", 1, 1,
         lambda xs, h, w, r, b, n: plain(xs, h, w, r, b, n, lambda v: max(v, 0.0)),
         dict(activations="relu"), "reverse")
sequence("RNNSequence_clip", "RNNSequence", 1, 1,
         lambda xs, h, w, r, b, n: plain(xs, h, w, r, b, n,
                                         lambda v: math.tanh(min(max(v, -0.5), 0.5))),
         dict(clip=0.5))


@case("GRUCell")
def gru_cell():
    x, h = rand([1, 3]), rand([1, 2])
    w, r, b = rand([6, 3], lo=-1, hi=1), rand([6, 2], lo=-1, hi=1), rand([6], lo=-1, hi=1)
    _, hn = gated([x.data], h.data, rows(w, []), rows(r, []), b.data, 2, False)
    net = Net()
    refs = [net.param(t) for t in (x, h)] + [net.const(t.shape, t.data) for t in (w, r, b)]
    net.result(net.layer("GRUCell", refs, [("f32", [1, 2])], attrs(hidden_size=2), "opset3")[0])
    return net, [Tensor([1, 2], hn)]


@case("LSTMCell")
def lstm_cell():
    x, h, c = rand([1, 3]), rand([1, 2]), rand([1, 2])
    w, r, b = rand([8, 3], lo=-1, hi=1), rand([8, 2], lo=-1, hi=1), rand([8], lo=-1, hi=1)
    _, hn, cn = lstm_steps([x.data], h.data, c.data, rows(w, []), rows(r, []), b.data, 2)
    net = Net()
    refs = [net.param(t) for t in (x, h, c)] + [net.const(t.shape, t.data) for t in (w, r, b)]
    outs = [Tensor([1, 2], hn), Tensor([1, 2], cn)]
    for o in net.layer("LSTMCell", refs, [("f32", [1, 2])] * 2, attrs(hidden_size=2), "opset4"):
        net.result(o)
    return net, outs


@case("ReadValue_Assign")
def variable():
    """The first inference sees the initial value."""
    x = rand([1, 3])
    net = Net()
    p = net.param(x)
    v = net.layer("ReadValue", [net.const([1, 3], [1.0, 2.0, 3.0])], [("f32", [1, 3])],
                  attrs(variable_id="v", variable_type="f32", variable_shape=[1, 3]), "opset6")[0]
    s = net.layer("Add", [p, v], [("f32", [1, 3])])[0]
    net.layer("Assign", [s], [("f32", [1, 3])],
              attrs(variable_id="v", variable_type="f32", variable_shape=[1, 3]), "opset6")
    net.result(s)
    return net, [Tensor([1, 3], [a + b for a, b in zip(x.data, [1.0, 2.0, 3.0])])]
