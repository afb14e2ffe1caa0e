# SPDX-License-Identifier: Apache-2.0
"""Layers of detectors: prior boxes, detections, and the files of them that must be refused."""
import math
import random

from openvino_model import Net, Tensor
from openvino_ops import CASES, attrs


# ---- prior boxes --------------------------------------------------------------------------------

def prior_net(kind, data, map_size, image_size, boxes, version="opset1"):
    """The boxes behind an addition, so that the network computes something."""
    net = Net()
    x = Tensor([2, len(boxes[0])], [0.5] * (2 * len(boxes[0])))
    p = net.param(x)
    r = net.layer(kind, [net.ints(map_size), net.ints(image_size)], [("f32", x.shape)], data,
                  version)[0]
    net.result(net.layer("Add", [r, p], [("f32", x.shape)])[0])
    return net, [Tensor(x.shape, [v + 0.5 for row in boxes for v in row])]


def with_variance(edges, variance):
    variance = [0.1] if not variance else variance
    four = list(variance) * (4 // len(variance))
    return [edges, four * (len(edges) // 4)]


def box(x, y, w, h, image_size, cut=None):
    tall, wide = image_size
    edges = [(x - w / 2) / wide, (y - h / 2) / tall, (x + w / 2) / wide, (y + h / 2) / tall]
    if cut == "all":
        return [min(max(e, 0), 1) for e in edges]
    if cut == "outer":
        return [max(e, 0) for e in edges[:2]] + [min(e, 1) for e in edges[2:]]
    return edges


def clustered(name, map_size, image_size, width, height, variance=(), clip=0, step=None,
              steps=None, offset=0.5, absent=()):
    def make():
        step_y = steps[0] if steps and steps[0] else step or 0
        step_x = steps[1] if steps and steps[1] else step or 0
        if not step_x and not step_y:
            step_y, step_x = [i / m for i, m in zip(image_size, map_size)]
        edges = []
        for row in range(map_size[0]):
            for column in range(map_size[1]):
                for w, h in zip(width, height):
                    edges += box((column + offset) * step_x, (row + offset) * step_y, w, h,
                                 image_size, "all" if clip else None)
        given = {"width": width, "height": height, "clip": clip, "offset": offset}
        for name in absent:
            del given[name]
        if variance:
            given["variance"] = variance
        if step is not None:
            given["step"] = step
        if steps is not None:
            given["step_h"], given["step_w"] = steps
        return prior_net("PriorBoxClustered", attrs(**given), map_size, image_size,
                         with_variance(edges, variance))
    CASES.append(("PriorBoxClustered_" + name, make))


clustered("model_zoo", [3, 4], [48, 60], [9.4, 25.1, 14.7], [15, 39.6, 25.5],
          [0.1, 0.1, 0.2, 0.2], step=16, steps=[0, 0])
clustered("image_steps", [2, 3], [40, 90], [12], [20.5])
clustered("own_steps", [2, 3], [40, 90], [12, 3], [20.5, 7], [0.25], steps=[18, 26], clip=1)
clustered("default_clip", [2, 3], [40, 90], [60, 3], [20.5, 70], clip=1, absent=["clip"])
clustered("default_size", [2, 3], [40, 90], [1], [1], absent=["width", "height"])
clustered("one_step", [2, 3], [40, 90], [12], [20.5], step=4, steps=[0, 31], offset=0.25)


def ratio_list(ratios, flip):
    out = []
    for r in ratios:
        if all(abs(r - known) >= 1e-6 for known in [1] + out):
            out += [r, 1 / r] if flip else [r]
    return out


def prior(name, map_size, image_size, mins=(), maxes=(), ratios=(), flip=False, clip=False, step=0,
          offset=0.5, variance=(), scale_all=True, order=None, fixed=(), fixed_ratio=(),
          density=(), version="opset1"):
    """Sizes as the layer has them: in pixels, or of the height where scale_all_sizes is off."""
    def one_place(x, y):
        out, others = [], ratio_list(ratios, flip)
        for size, dense in zip(fixed, density):
            shapes = [(size * math.sqrt(r), size / math.sqrt(r)) for r in fixed_ratio or others]
            if not fixed_ratio:
                shapes.insert(0, (int(size), int(size)))
            shift = int(size / dense)
            for w, h in shapes:
                for i in range(dense * dense):
                    out += box(x - int(size) // 2 + shift / 2 + i % dense * shift,
                               y - int(size) // 2 + shift / 2 + i // dense * shift, w, h,
                               image_size, "outer")
        pixels = [m if scale_all else m * image_size[0] for m in mins]
        for k, size in enumerate(pixels):
            middle = [(math.sqrt(size * maxes[k]),) * 2] if k < len(maxes) else []
            base = size if scale_all else pixels[0]
            shapes = [(base * math.sqrt(r), base / math.sqrt(r)) for r in others]
            if not scale_all and k != len(pixels) - 1:
                shapes = []
            ordered = shapes + middle if order is False else middle + shapes
            for w, h in [(size, size)] + ordered:
                out += box(x, y, w, h, image_size)
        return out

    def make():
        steps = [step, step]
        if not scale_all:
            steps = [image_size[0] * (step if step != -1 else 1 / map_size[0])] * 2
        shift = offset
        if steps[0] == 0:
            steps, shift = [i / m for i, m in zip(image_size, map_size)], 0.5
        edges = []
        for row in range(map_size[0]):
            for column in range(map_size[1]):
                edges += one_place((column + shift) * steps[1], (row + shift) * steps[0])
        if clip:
            edges = [min(max(e, 0), 1) for e in edges]
        given = {"min_size": list(mins), "max_size": list(maxes), "aspect_ratio": list(ratios),
                 "flip": str(flip).lower(), "clip": str(clip).lower(), "step": step,
                 "offset": offset, "variance": list(variance), "density": list(density),
                 "fixed_size": list(fixed), "fixed_ratio": list(fixed_ratio),
                 "scale_all_sizes": str(scale_all).lower()}
        if order is not None:
            given["min_max_aspect_ratios_order"] = str(order).lower()
        return prior_net("PriorBox", attrs(**given), map_size, image_size,
                         with_variance(edges, variance), version)
    CASES.append(("PriorBox_" + name, make))


prior("model_zoo", [3, 4], [48, 64], [16], [38.4], [2], True, step=16,
      variance=[0.1, 0.1, 0.2, 0.2])
prior("ratios", [2, 2], [30, 40], [10, 20], [15], [2, 3, 2, 1], True, clip=True, step=0)
prior("unflipped", [1, 3], [30, 40], [10], [], [0.5, 3], False, step=7, offset=0.25,
      variance=[0.3])
prior("image_steps", [2, 3], [30, 40], [10], [], [3], True, step=0, offset=0.25)
prior("order", [2, 2], [30, 40], [10, 12], [15, 20], [2], True, order=False, version="opset8")
prior("caffe_order", [2, 2], [30, 40], [10, 12], [15, 20], [2], True, order=True, version="opset8")
prior("parts", [2, 3], [30, 40], [0.25, 0.5], [], [2, 0.5], False, scale_all=False, step=-1,
      version="opset8")
prior("part_step", [2, 3], [32, 40], [0.25, 0.5], [], [2], True, scale_all=False, step=0.25,
      version="opset8")
prior("part_image", [2, 3], [32, 40], [0.25], [], [], scale_all=False, step=0, version="opset8")
prior("dense", [2, 2], [64, 64], fixed=[32, 17.5], density=[2, 3], step=32)
prior("dense_ratios", [1, 2], [64, 64], [], [], [2], True, fixed=[32], density=[2], step=32)
prior("fixed_ratio", [2, 1], [64, 48], [], [], [2], False, fixed=[32, 24], density=[2, 1],
      fixed_ratio=[1, 2.25], step=16)


# ---- detections ---------------------------------------------------------------------------------

CENTER = "caffe.PriorBoxParameter.CENTER_SIZE"


def decoded(loc, prior, variance):
    w, h = prior[2] - prior[0], prior[3] - prior[1]
    x = (prior[0] + prior[2]) / 2 + variance[0] * loc[0] * w
    y = (prior[1] + prior[3]) / 2 + variance[1] * loc[1] * h
    w, h = w * math.exp(variance[2] * loc[2]), h * math.exp(variance[3] * loc[3])
    return [x - w / 2, y - h / 2, x + w / 2, y + h / 2]


def overlap_of(a, b):
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0
    area = [(c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)]
    return w * h / (sum(area) - w * h)


def clipped(values):
    return [min(max(v, 0), 1) for v in values]


def found_boxes(boxes, scores, top_k, keep, least, bound):
    """(score, prior, class), by class and in each by falling score."""
    found = []
    for c in range(1, len(scores[0])):
        order = sorted((p for p in range(len(boxes)) if scores[p][c] > least),
                       key=lambda p: (-scores[p][c], p))
        kept = []
        for p in order[:top_k] if top_k != -1 else order:
            if all(overlap_of(boxes[p], boxes[q]) <= bound for q in kept):
                kept.append(p)
        found += [(scores[p][c], p, c) for p in kept]
    if keep != -1 and len(found) > keep:
        found = sorted(found, key=lambda f: (-f[0], f[1], f[2]))[:keep]
        found = sorted(found, key=lambda f: f[2])
    return found


def chunks(values, size):
    return [values[i:i + size] for i in range(0, len(values), size)]


def detect(name, n, classes, top_k=-1, keep=-1, least=0.25, bound=0.45, varied=False, steps=16,
           before=False, after=False, version="opset8", spread=0.5, layer=None, rows=None):
    """Scores are of `steps` kinds, so that many are equal."""
    def make():
        r = random.Random(name)
        net = Net()
        loc = Tensor([1, 4 * n], [r.randint(-64, 64) / 32 for _ in range(4 * n)])
        conf = Tensor([1, classes * n],
                      [r.randint(0, steps - 1) / steps for _ in range(classes * n)])
        refs = [net.param(loc), net.param(conf)]
        if layer:
            ref, priors, variances = layer(net)
            refs.append(ref)
        else:
            priors = []
            for _ in range(n):
                x, y = [0.5 + r.randint(-64, 64) / 64 * spread for _ in range(2)]
                priors += box(x, y, r.randint(4, 40) / 64, r.randint(4, 40) / 64, (1, 1))
            four = [0.125, 0.125, 0.25, 0.5]
            variances = [r.randint(1, 16) / 32 if varied else four[i % 4] for i in range(4 * n)]
            refs.append(net.const([1, 2, 4 * n], priors + variances))
        boxes = [decoded(*each) for each in zip(chunks(loc.data, 4), chunks(priors, 4),
                                                chunks(variances, 4))]
        if before:
            boxes = [clipped(b) for b in boxes]
        found = found_boxes(boxes, chunks(conf.data, classes), top_k, keep, least, bound)
        size = keep if keep > 0 else (top_k if top_k > 0 else n) * classes
        assert rows is None or rows == len(found), (name, len(found))
        out = []
        for score, p, c in found:
            out += [0, c, score] + (clipped(boxes[p]) if after else boxes[p])
        if len(found) < size:
            out += [-1] + [0] * 6
        out += [0] * (7 * size - len(out))
        given = dict(background_label_id=0, top_k=top_k, keep_top_k=keep, code_type=CENTER,
                     nms_threshold=bound, confidence_threshold=least, normalized="true",
                     clip_before_nms=str(before).lower(), clip_after_nms=str(after).lower(),
                     share_location="true", variance_encoded_in_target="false")
        if version == "opset1":
            given["num_classes"] = classes
        y = Tensor([1, 1, size, 7], out)
        net.result(net.layer("DetectionOutput", refs, [("f32", y.shape)], attrs(**given),
                             version)[0])
        return net, [y]
    CASES.append(("DetectionOutput_" + name, make))


def layers(maps):
    """What files of detectors have: prior boxes from layers of their own, one for each map."""
    def make(net):
        edges, refs = [], []
        for tall, wide in maps:
            first = len(edges)
            for i in range(tall * wide):
                for w, h in [(9.5, 15), (25, 39.5), (15, 25.5)]:
                    edges += box((i % wide + 0.5) * 16, (i // wide + 0.5) * 16, w, h, (48, 64))
            size = len(edges) - first
            out = net.layer("PriorBoxClustered", [net.ints([tall, wide]), net.ints([48, 64])],
                            [("f32", [2, size])],
                            attrs(width=[9.5, 25, 15], height=[15, 39.5, 25.5], step=16, offset=0.5,
                                  clip=0, variance=[0.125, 0.125, 0.25, 0.25]))[0]
            refs += net.layer("Unsqueeze", [out, net.ints([0])], [("f32", [1, 2, size])])
        if len(refs) > 1:
            refs = net.layer("Concat", refs, [("f32", [1, 2, len(edges)])], attrs(axis=2))
        return refs[0], edges, [0.125, 0.125, 0.25, 0.25] * (len(edges) // 4)
    return make


detect("all", 20, 2)
detect("opset1", 20, 2, keep=25, version="opset1")
detect("keep_few", 24, 2, keep=3, rows=3)
detect("top_few", 40, 2, top_k=9, keep=30)
detect("top_and_keep", 40, 2, top_k=12, keep=4, rows=4)
detect("top_without_keep", 40, 2, top_k=12)
detect("top_of_more", 12, 2, top_k=400, keep=200)
detect("one_row", 12, 2, top_k=4, keep=1, rows=1)
detect("nothing", 12, 2, top_k=4, keep=5, least=0.99, rows=0)
detect("one_prior", 1, 2, keep=2, least=-1, rows=1)
detect("variances", 40, 2, top_k=20, keep=20, varied=True)
detect("variances_all", 20, 2, keep=20, varied=True)
detect("clip_before", 20, 2, top_k=12, keep=20, before=True)
detect("clip_after", 20, 2, top_k=12, keep=20, after=True)
detect("crowded", 60, 2, top_k=50, keep=60, spread=0.0625, bound=0.25)
detect("never_suppressed", 20, 2, keep=20, spread=0.0625, bound=1, least=0.5)
detect("touching", 30, 2, keep=30, spread=0.0625, bound=0)
detect("classes", 20, 4)
detect("classes_top", 40, 4, top_k=8)
detect("classes_room", 30, 3, top_k=8, keep=40)
detect("classes_keep", 20, 4, keep=10, steps=4, rows=10)
detect("classes_keep_spare", 30, 3, top_k=20, keep=39, least=0.7)
detect("classes_top_keep", 40, 4, top_k=9, keep=11, steps=4, rows=11)
detect("classes_top_keep_varied", 40, 3, top_k=15, keep=7, steps=3, varied=True, rows=7)
detect("classes_nothing", 20, 4, top_k=5, keep=3, least=0.99, rows=0)
detect("layer", 36, 2, top_k=20, keep=10, layer=layers([(3, 4)]))
detect("layers", 129, 3, top_k=30, keep=10, layer=layers([(3, 4), (5, 6), (1, 1)]))
# constants that are not computed at once, as they are large
detect("large_layers", 1560, 2, top_k=30, keep=20, layer=layers([(20, 20), (12, 10)]))


# ---- files that must be refused -----------------------------------------------------------------

def refused_prior(kind="PriorBox", map_size=(2, 2), image_size=(8, 8), boxes=16, **given):
    if kind == "PriorBox":
        data = {"min_size": 4, "offset": 0.5, "step": 4}
    else:
        data = {"width": "4", "height": "4", "offset": 0.5, "step": 4}
    data.update(given)
    net = Net()
    r = net.layer(kind, [net.ints(map_size), net.ints(image_size)], [("f32", [2, boxes])],
                  attrs(**data), "opset8" if kind == "PriorBox" else "opset1")[0]
    net.result(net.layer("Sigmoid", [r], [("f32", [2, boxes])])[0])
    return net.xml(), bytes(net.weights)


BIG = 2 ** 31 - 1
FILES = [
    ("prior_nan", refused_prior(min_size="nan"), "attribute 'min_size' has nan"),
    ("prior_infinite", refused_prior(max_size="1e999"), "attribute 'max_size' has inf"),
    ("prior_huge", refused_prior(min_size="1e30"), "attribute 'min_size' has 1e+30"),
    ("prior_negative", refused_prior(min_size="-4"), "attribute 'min_size' has -4"),
    ("prior_ratio", refused_prior(aspect_ratio="1e-60"), "attribute 'aspect_ratio' has 1e-60"),
    ("prior_edge", refused_prior(aspect_ratio="1e-44", flip="true", boxes=48),
     "a box with an edge at"),
    ("prior_step", refused_prior(step="nan"), "attribute 'step' has nan"),
    ("prior_offset", refused_prior(offset="-1e99"), "attribute 'offset' has -1e+99"),
    ("prior_text", refused_prior(min_size="4,x"), "not at most 64 numbers"),
    ("prior_entries", refused_prior(min_size=[4] * 65), "not at most 64 numbers"),
    ("prior_none", refused_prior(min_size=""), "no box"),
    ("prior_variance", refused_prior(variance="1,2,3"), "'variance' has 3 numbers"),
    ("prior_max", refused_prior(max_size="5,6"), "list 2 boxes for each place"),
    ("prior_both", refused_prior(fixed_size="4", density="1"), "list 2 boxes for each place"),
    ("prior_density", refused_prior(fixed_size="4"), "'density' has 0 entries"),
    ("prior_thin", refused_prior(min_size="", fixed_size="4", density="0.5"), "the least is 1"),
    ("prior_dense", refused_prior(min_size="", fixed_size="4", density="30000"), "are too many"),
    ("prior_densest", refused_prior(min_size="", fixed_size=[4] * 64, density=["1e9"] * 64),
     "makes too many boxes"),
    ("prior_place", refused_prior(map_size=(BIG, BIG)), "places are too many"),
    ("prior_places", refused_prior(map_size=(1 << 15, 1 << 15)), "are too many"),
    ("prior_no_map", refused_prior(map_size=(0, 4)), "(size of the map) is 0 x 4"),
    ("prior_no_image", refused_prior(image_size=(4, -1)), "(size of the image) is 4 x -1"),
    ("prior_wide", refused_prior(image_size=(4, 1 << 40)), "(size of the image)"),
    ("prior_sizes", refused_prior(map_size=(2,)), "it needs height and width"),
    ("prior_extents", refused_prior(map_size=(2, 2, 2)), "at most 2 are possible"),
    ("prior_declared", refused_prior(boxes=20), "the file declares"),
    ("cluster_nan", refused_prior("PriorBoxClustered", width="nan"), "'width' has nan"),
    ("cluster_zero", refused_prior("PriorBoxClustered", height="0"), "'height' has 0"),
    ("cluster_pairs", refused_prior("PriorBoxClustered", width="1,2"), "2 widths and 1 heights"),
    ("cluster_none", refused_prior("PriorBoxClustered", width="", height=""), "no box"),
    ("cluster_step", refused_prior("PriorBoxClustered", step_w="inf"), "'step_w' has inf"),
    ("cluster_places", refused_prior("PriorBoxClustered", map_size=(BIG, 3)), "too many"),
]


def refused_detection(shapes=((1, 16), (1, 8), (1, 2, 16)), priors=None, rows=5, dynamic=False,
                      drop=None, **given):
    data = dict(background_label_id=0, top_k=4, keep_top_k=5, code_type=CENTER, normalized="true",
                nms_threshold=0.5, confidence_threshold=0.5, share_location="true")
    data.update(given)
    if drop:
        del data[drop]
    net = Net()
    tensors = [Tensor(s, [0.0] * math.prod(s)) for s in shapes]
    refs = [net.param(t) for t in tensors[:2]]
    size = math.prod(shapes[2])
    values = [0.0] * size if priors is None else (priors * size)[:size]
    refs += [net.param(tensors[2]) if dynamic else net.const(shapes[2], values)]
    refs += [net.param(t) for t in tensors[3:]]
    net.result(net.layer("DetectionOutput", refs, [("f32", [1, 1, rows, 7])], attrs(**data),
                         "opset8")[0])
    return net.xml(), bytes(net.weights)


def only(name, value, form=None):
    return refused_detection(**{name: value}), "attribute '%s' is '%s'; nearest supported form: " \
        "'%s" % (name, value, form or "")


FILES += [("detection_" + name, *case) for name, case in [
    ("corner", only("code_type", "caffe.PriorBoxParameter.CORNER", CENTER)),
    ("code", (refused_detection(drop="code_type"), "attribute 'code_type'")),
    ("apart", only("share_location", "false", "true")),
    ("encoded", only("variance_encoded_in_target", "true", "false")),
    ("pixels", only("normalized", "0", "true")),
    ("decrease", only("decrease_label_id", "true", "false")),
    ("background", only("background_label_id", "1", "0")),
    ("no_background", only("background_label_id", "-1", "0")),
    ("keep", only("keep_top_k", "0")),
    ("keeps", only("keep_top_k", "5,6")),
    ("no_keep", (refused_detection(drop="keep_top_k"), "attribute 'keep_top_k'")),
    ("huge_keep", (refused_detection(keep_top_k=2 ** 62), "a result of 4611686018427387904 rows")),
    ("huge_top", (refused_detection(keep_top_k=-1, top_k=2 ** 62), "a result of ")),
    ("top", only("top_k", "0")),
    ("least_top", only("top_k", "-9223372036854775808")),
    ("no_overlap", (refused_detection(drop="nms_threshold"), "attribute 'nms_threshold'")),
    ("nan_overlap", only("nms_threshold", "nan")),
    ("overlap", only("nms_threshold", "1.5")),
    ("nan_score", only("confidence_threshold", "nan")),
    ("score", only("confidence_threshold", "1e99")),
    ("classes", (refused_detection(num_classes=3), "3 classes are stated")),
    ("one_class", (refused_detection(((1, 16), (1, 4), (1, 2, 16))), "1 scores for each box")),
    ("odd_scores", (refused_detection(((1, 16), (1, 7), (1, 2, 16))), "do not belong together")),
    ("odd_boxes", (refused_detection(((1, 18), (1, 8), (1, 2, 18))), "do not belong together")),
    ("other_boxes", (refused_detection(((1, 20), (1, 8), (1, 2, 16))), "do not belong together")),
    ("no_variance", (refused_detection(((1, 16), (1, 8), (1, 1, 16))), "do not belong together")),
    ("no_priors", (refused_detection(((1, 0), (1, 8), (1, 2, 0))), "do not belong together")),
    ("images", (refused_detection(((2, 16), (2, 8), (1, 2, 16))), "2 images")),
    ("rank", (refused_detection(((16,), (1, 8), (1, 2, 16))), "1 dimensions")),
    ("five", (refused_detection(((1, 16), (1, 8), (1, 2, 16), (1, 8), (1, 16))), "5 operands")),
    ("data", (refused_detection(dynamic=True), "(prior boxes) must be constant")),
    ("inside_out", (refused_detection(priors=[1, 1, 0, 2]), "prior box 0 has a size of -1")),
    ("nan_prior", (refused_detection(priors=[0, 0, float("nan"), 2]), "has a size of nan")),
    ("declared", (refused_detection(rows=6), "the file declares")),
    ("many_classes", (refused_detection(((1, 8), (1, 1 << 21), (1, 2, 8)), top_k=-1),
                      "at most 1048576 in all")),
]]
