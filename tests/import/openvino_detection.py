# SPDX-License-Identifier: Apache-2.0
"""Layers of detectors: prior boxes, and the files of them that must be refused."""
import math

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
              steps=None, offset=0.5):
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
    ("prior_edge", refused_prior(aspect_ratio="1e-44", flip="true", boxes=48), "a box with an edge at"),
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
