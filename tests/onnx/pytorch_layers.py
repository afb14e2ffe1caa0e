# SPDX-License-Identifier: Apache-2.0
"""Layers of torch.nn for pytorch.py, in awkward sizes."""
import itertools

import torch
from torch import nn

from pytorch_row import Table, b, f, group, i, near, pos, t

CIRCULAR = "the exporter's left side ends one element too early"
HALVES = {"exporter": "Upsample and Resize do not know of pixels' halves yet", "before": 11}
UNROUNDED = ("scales are written in place of sizes, of which the standard's align_corners takes "
             "the product unrounded")
ROWS = Table()
layer, function = ROWS.layer, ROWS.function
SPACE = {1: (11,), 2: (7, 9), 3: (5, 6, 4)}

ROWS.family("convolution")
for n in (1, 2, 3):
    conv, space = getattr(nn, "Conv%dd" % n), SPACE[n]
    for mode in ("zeros", "reflect", "replicate", "circular"):
        if n < 3 or mode in ("zeros", "replicate"):
            layer("conv%d_%s" % (n, mode), lambda conv=conv, mode=mode: conv(
                3, 5, 3, padding=2, padding_mode=mode), f(2, 3, *space),
                exporter=CIRCULAR * (mode == "circular"))
    layer("conv%d_stride" % n, lambda conv=conv: conv(3, 4, 3, stride=2, padding=1), f(1, 3,
        *space))
    layer("conv%d_same" % n, lambda conv=conv: conv(3, 4, 4, padding="same"), f(1, 3, *space))
    layer("conv%d_same_dilated" % n, lambda conv=conv: conv(
        3, 4, 2, padding="same", dilation=3), f(1, 3, *space))
    layer("conv%d_valid" % n, lambda conv=conv: conv(3, 4, 2, padding="valid"), f(1, 3, *space))
    layer("conv%d_groups" % n, lambda conv=conv: conv(4, 6, 3, groups=2, bias=False),
          f(2, 4, *space))
    layer("conv%d_depthwise" % n, lambda conv=conv: conv(3, 3, 3, groups=3, padding=1),
          f(1, 3, *space))
    layer("conv%d_multiplier" % n, lambda conv=conv: conv(3, 6, 3, groups=3, stride=2),
          f(1, 3, *space))
    layer("conv%d_dilation" % n, lambda conv=conv: conv(2, 3, 2, dilation=3, padding=1),
          f(1, 2, *space))
    layer("conv%d_point" % n, lambda conv=conv: conv(5, 1, 1, stride=3), f(1, 5, *space))
    layer("conv%d_unbatched" % n, lambda conv=conv: conv(2, 3, 3), f(2, *space))
    turned = getattr(nn, "ConvTranspose%dd" % n)
    layer("deconv%d" % n, lambda turned=turned: turned(3, 4, 3), f(2, 3, *space))
    layer("deconv%d_stride" % n, lambda turned=turned: turned(
        3, 2, 3, stride=2, padding=1, output_padding=1), f(1, 3, *space))
    layer("deconv%d_groups" % n, lambda turned=turned: turned(
        4, 6, 2, stride=3, groups=2, bias=False), f(1, 4, *space))
    layer("deconv%d_depthwise" % n, lambda turned=turned: turned(
        3, 3, 4, stride=2, padding=1, groups=3), f(1, 3, *space))
    layer("deconv%d_dilation" % n, lambda turned=turned: turned(
        2, 3, 3, dilation=2, stride=2, padding=2), f(1, 2, *space))
    layer("deconv%d_size" % n, lambda turned=turned: turned(2, 2, 2, stride=3, output_padding=2),
          f(1, 2, *space))
layer("conv2_uneven", lambda: nn.Conv2d(2, 3, (3, 2), stride=(1, 2), padding=(2, 0),
                                        dilation=(2, 1)), f(1, 2, 7, 8))
layer("conv2_tall", lambda: nn.Conv2d(1, 2, (7, 1), padding=(3, 0)), f(1, 1, 5, 1))
layer("deconv2_uneven", lambda: nn.ConvTranspose2d(2, 3, (3, 2), stride=(2, 1), padding=(0, 1),
                                                   output_padding=(1, 0)), f(1, 2, 4, 5))
layer("conv2_weight_norm", lambda: nn.utils.weight_norm(nn.Conv2d(2, 3, 3)), f(1, 2, 5, 5))
layer("linear_weight_norm", lambda: nn.utils.weight_norm(nn.Linear(5, 3), dim=1), f(2, 5))
layer("linear_spectral_norm", lambda: nn.utils.spectral_norm(nn.Linear(5, 3)), f(2, 5))
layer("conv_spectral_norm",
      lambda: nn.utils.parametrizations.spectral_norm(nn.Conv1d(3, 4, 3)), f(2, 3, 7))
layer("conv_orthogonal", lambda: nn.utils.parametrizations.orthogonal(nn.Linear(4, 4)), f(2, 4))
for n in (1, 2, 3):
    function("functional_conv%d" % n, getattr(nn.functional, "conv%dd" % n), f(1, 2, *SPACE[n]),
             f(3, 2, *(2,) * n), f(3))
    function("functional_deconv%d" % n, getattr(nn.functional, "conv_transpose%dd" % n),
             f(1, 2, *SPACE[n]), f(2, 3, *(2,) * n))

ROWS.family("pooling")
for n in (1, 2, 3):
    space = SPACE[n]
    for name in ("Max", "Avg"):
        pool, key = getattr(nn, "%sPool%dd" % (name, n)), name.lower() + str(n)
        layer(key + "_plain", lambda pool=pool: pool(2), f(2, 3, *space))
        layer(key + "_ceil", lambda pool=pool: pool(3, 2, 1, ceil_mode=True), f(1, 2, *space))
        layer(key + "_ceil_far", lambda pool=pool: pool(2, 3, ceil_mode=True), f(1, 2, *space))
        layer(key + "_padded", lambda pool=pool: pool(3, 1, 1), f(1, 2, *space))
        layer(key + "_unbatched", lambda pool=pool: pool(2, 1), f(2, *space),
              exporter="written as if there were a batch: entries for one axis too many")
    pool = getattr(nn, "AvgPool%dd" % n)
    layer("avg%d_exclude" % n, lambda pool=pool: pool(3, 2, 1, count_include_pad=False),
          f(1, 2, *space))
    layer("avg%d_exclude_ceil" % n, lambda pool=pool: pool(
        3, 2, 1, ceil_mode=True, count_include_pad=False), f(1, 2, *space))
    pool = getattr(nn, "MaxPool%dd" % n)
    layer("max%d_dilation" % n, lambda pool=pool: pool(2, 2, 1, dilation=2), f(1, 2, *space))
    layer("max%d_dilation_ceil" % n, lambda pool=pool: pool(
        2, 2, 1, dilation=2, ceil_mode=True), f(1, 2, *space))
    layer("max%d_indices" % n, lambda pool=pool: pool(2, return_indices=True), f(2, 2, *space))
    layer("max%d_indices_padded" % n, lambda pool=pool: pool(3, 2, 1, return_indices=True),
          f(1, 2, *space))
    unpool = getattr(nn, "MaxUnpool%dd" % n)
    function("unpool%d" % n, lambda x, pool=pool, unpool=unpool: unpool(2)(
        *pool(2, return_indices=True)(x)), f(1, 2, *[4] * n))
    for size in (1, 2, 3):
        layer("adaptive_avg%d_%d" % (n, size), lambda n=n, size=size: getattr(
            nn, "AdaptiveAvgPool%dd" % n)(size), f(2, 3, *[6] * n))
    layer("adaptive_avg%d_uneven" % n, lambda n=n: getattr(nn, "AdaptiveAvgPool%dd" % n)(3),
          f(1, 2, *space))
    layer("adaptive_max%d" % n, lambda n=n: getattr(nn, "AdaptiveMaxPool%dd" % n)(2),
          f(1, 2, *[6] * n))
    layer("adaptive_max%d_one" % n, lambda n=n: getattr(nn, "AdaptiveMaxPool%dd" % n)(1),
          f(1, 2, *space))
layer("adaptive_max2_indices", lambda: nn.AdaptiveMaxPool2d(1, return_indices=True),
      f(1, 2, 3, 4))
layer("adaptive_avg2_none", lambda: nn.AdaptiveAvgPool2d((None, 1)), f(1, 2, 5, 6))
layer("adaptive_avg2_wide", lambda: nn.AdaptiveAvgPool2d((2, 3)), f(1, 2, 4, 9))
layer("avg2_divisor", lambda: nn.AvgPool2d(2, divisor_override=3), f(1, 2, 5, 6))
layer("max2_uneven", lambda: nn.MaxPool2d((3, 2), (1, 2), (1, 0)), f(1, 2, 6, 7))
layer("avg2_uneven", lambda: nn.AvgPool2d((1, 3), (2, 1), (0, 1)), f(1, 2, 6, 7))
layer("lp1", lambda: nn.LPPool1d(2, 3, 2), pos(1, 2, 9))
layer("lp2", lambda: nn.LPPool2d(2, 3, 2), f(1, 2, 7, 8))
layer("lp2_three", lambda: nn.LPPool2d(3, (2, 3)), pos(1, 2, 7, 8))
layer("lp2_ceil", lambda: nn.LPPool2d(2, 3, 2, ceil_mode=True), f(1, 2, 7, 8))
layer("fractional", lambda: nn.FractionalMaxPool2d(2, output_size=3), f(1, 2, 7, 8))

ROWS.family("activation")
for name, arguments in (
        ("ELU", {}), ("ELU", {"alpha": 0.7}), ("Hardshrink", {}), ("Hardsigmoid", {}),
        ("Hardtanh", {}), ("Hardtanh", {"min_val": -0.3, "max_val": 2.5}), ("Hardswish", {}),
        ("LeakyReLU", {}), ("LeakyReLU", {"negative_slope": 0.3}), ("LogSigmoid", {}),
        ("PReLU", {}), ("PReLU", {"num_parameters": 3}), ("ReLU", {}), ("ReLU6", {}),
        ("RReLU", {}), ("SELU", {}), ("CELU", {}), ("CELU", {"alpha": 1.7}), ("GELU", {}),
        ("GELU", {"approximate": "tanh"}), ("Sigmoid", {}), ("SiLU", {}), ("Mish", {}),
        ("Softplus", {}), ("Softplus", {"beta": 2}), ("Softplus", {"beta": 3, "threshold": 2}),
        ("Softshrink", {}), ("Softshrink", {"lambd": 1.0}),
        ("Softsign", {}), ("Tanh", {}), ("Tanhshrink", {}),
        ("Threshold", {"threshold": 0.1, "value": -2.0}), ("Threshold",
                                                           {"threshold": 0.0, "value": 0.0}),
        ("GLU", {"dim": 2}), ("GLU", {}), ("Softmin", {"dim": 1}), ("Softmin", {"dim": -1}),
        ("Softmax", {"dim": 0}), ("Softmax", {"dim": 1}), ("Softmax", {"dim": -1}),
        ("LogSoftmax", {"dim": 0}), ("LogSoftmax", {"dim": 1}), ("LogSoftmax", {"dim": -1}),
        ("Softmax2d", {}), ("Identity", {}), ("Dropout", {}), ("Dropout2d", {}),
        ("AlphaDropout", {}), ("FeatureAlphaDropout", {})):
    key = "_".join([name.lower()] + ["%s%s" % v for v in arguments.items()]).replace(".", "p")
    layer(key.replace("-", "m"), lambda name=name, arguments=arguments: getattr(nn, name)(
        **arguments), f(2, 3, 4, 6),
          exporter="the threshold is not written" * (name == "Softplus" and "threshold" in
                                                     arguments))
for name in ("ELU", "GELU", "Mish", "Hardswish", "Softmax2d", "PReLU", "Softsign"):
    layer(name.lower() + "_small", lambda name=name: getattr(nn, name)(),
          f(*(3, 1, 2) if name == "Softmax2d" else (3,)))
layer("softmax_volume", lambda: nn.Softmax(2), f(2, 2, 5, 3, 2))
layer("adaptive_log_softmax", lambda: Head(nn.AdaptiveLogSoftmaxWithLoss(6, 12, [3, 7])), f(4, 6))
for mask in ("none", "padding", "attn", "float", "separate", "batch_first", "bias_kv", "zero",
             "averaged", "sizes"):
    layer("attention_" + mask, lambda mask=mask: Attention(mask), f(5, 2, 8), f(3, 2, 8),
          f(3, 2, 8))


class Head(nn.Module):
    def __init__(self, head):
        super().__init__()
        self.head = head

    def forward(self, x):
        return self.head.log_prob(x)


class Attention(nn.Module):
    """Queries [5, 2, 8], keys and values [3, 2, 8]."""

    def __init__(self, form):
        super().__init__()
        self.form = form
        sizes = {"kdim": 6, "vdim": 4} if form == "sizes" else {}
        self.layer = nn.MultiheadAttention(8, 2, batch_first=form == "batch_first",
                                           add_bias_kv=form == "bias_kv",
                                           add_zero_attn=form == "zero", **sizes)

    def forward(self, q, k, v):
        form, more = self.form, {}
        if form == "batch_first":
            q, k, v = q.transpose(0, 1), k.transpose(0, 1), v.transpose(0, 1)
        if form == "sizes":
            k, v = k[..., :6], v[..., :4]
        if form == "padding":
            more["key_padding_mask"] = torch.tensor([[False, False, True], [False, False, False]])
        if form == "attn":
            more["attn_mask"] = torch.triu(torch.ones(5, 3, dtype=torch.bool), 1)
        if form == "float":
            more["attn_mask"] = torch.triu(torch.full((5, 3), float("-inf")), 1)
        if form == "separate":
            more["average_attn_weights"] = False
        return self.layer(q, k, v, need_weights=form in ("separate", "averaged"), **more)


ROWS.family("normalisation")
for n in (1, 2, 3):
    space = SPACE[n]
    for name in ("BatchNorm", "InstanceNorm"):
        norm = getattr(nn, "%s%dd" % (name, n))
        key = name.lower() + str(n)
        layer(key, lambda norm=norm: norm(3), f(2, 3, *space))
        layer(key + "_affine", lambda norm=norm: norm(3, affine=True, eps=1e-3), f(2, 3, *space))
        layer(key + "_bare", lambda norm=norm: norm(3, affine=False), f(2, 3, *space))
        layer(key + "_running", lambda norm=norm: norm(3, affine=True, track_running_stats=True),
              f(2, 3, *space))
        layer(key + "_batch", lambda norm=norm: norm(3, affine=True, track_running_stats=False),
              f(2, 3, *space))
    layer("conv_norm%d" % n, lambda n=n: nn.Sequential(
        getattr(nn, "Conv%dd" % n)(3, 4, 3), getattr(nn, "BatchNorm%dd" % n)(4), nn.ReLU()),
        f(1, 3, *SPACE[n]))
layer("batchnorm1_matrix", lambda: nn.BatchNorm1d(5), f(3, 5))
layer("batchnorm1_one", lambda: nn.BatchNorm1d(1), f(1, 1))
layer("instancenorm1_unbatched", lambda: nn.InstanceNorm1d(3), f(3, 7))
layer("linear_norm", lambda: nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)), f(2, 4))
for dims in ((2, 6), (2, 6, 5), (1, 6, 3, 5), (2, 6, 2, 3, 2)):
    for groups in (1, 2, 3, 6):
        if dims != (2, 6) or groups < 6:
            layer("groupnorm_%d_%d" % (len(dims), groups),
                  lambda groups=groups: nn.GroupNorm(groups, 6), f(*dims))
layer("groupnorm_bare", lambda: nn.GroupNorm(2, 4, affine=False), f(2, 4, 3, 5))
for axes in (1, 2, 3):
    layer("layernorm_%d" % axes, lambda axes=axes: nn.LayerNorm((3, 5, 7)[3 - axes:]),
          f(2, 3, 5, 7))
    layer("layernorm_bare_%d" % axes, lambda axes=axes: nn.LayerNorm(
        (3, 5, 7)[3 - axes:], elementwise_affine=False, eps=1e-3), f(2, 3, 5, 7))
layer("layernorm_vector", lambda: nn.LayerNorm(5), f(5))
for size in (1, 2, 3, 5):
    layer("local_response_%d" % size, lambda size=size: nn.LocalResponseNorm(
        size, alpha=0.1, beta=0.6, k=1.5), f(2, 4, 3, 5))
layer("local_response_volume", lambda: nn.LocalResponseNorm(3), f(1, 4, 2, 3, 2))
layer("local_response_line", lambda: nn.LocalResponseNorm(3), f(1, 4, 5))

ROWS.family("recurrent")


class Packed(nn.Module):
    def __init__(self, layer, batch_first=False, ordered=True):
        super().__init__()
        self.layer, self.batch_first, self.ordered = layer, batch_first, ordered

    def forward(self, x, lengths):
        p = nn.utils.rnn.pack_padded_sequence(x, lengths, self.batch_first,
                                              enforce_sorted=self.ordered)
        y, state = self.layer(p)
        return nn.utils.rnn.pad_packed_sequence(y, self.batch_first)[0], state


class Unrolled(nn.Module):
    def __init__(self, cell):
        super().__init__()
        self.cell = cell

    def forward(self, x, h):
        out = []
        for k in range(x.shape[0]):
            h = self.cell(x[k], h)
            out.append(h[0] if isinstance(h, tuple) else h)
        return torch.stack(out)


for name in ("RNN", "LSTM", "GRU"):
    kind, key = getattr(nn, name), name.lower()
    for layers, both, first in itertools.product((1, 2), (False, True), (False, True)):
        layer("%s_%d%s%s" % (key, layers, "_both" * both, "_first" * first),
              lambda kind=kind, layers=layers, both=both, first=first: kind(
                  3, 4, layers, bidirectional=both, batch_first=first), f(5, 2, 3))
    layer(key + "_plain", lambda kind=kind: kind(3, 5, bias=False), f(4, 1, 3))
    layer(key + "_one", lambda kind=kind: kind(1, 1), f(1, 1, 1))
    layer(key + "_unbatched", lambda kind=kind: kind(3, 2), f(4, 3))
    state = group(f(2, 2, 4), f(2, 2, 4)) if name == "LSTM" else f(2, 2, 4)
    layer(key + "_state", lambda kind=kind: kind(3, 4, bidirectional=True), f(5, 2, 3), state)
    layer(key + "_packed", lambda kind=kind: Packed(kind(3, 4)), f(5, 3, 3), t([5, 3, 2]))
    layer(key + "_packed_both", lambda kind=kind: Packed(kind(3, 4, bidirectional=True), True),
          f(3, 5, 3), t([5, 4, 1]))
    layer(key + "_packed_any", lambda kind=kind: Packed(kind(3, 4), ordered=False), f(5, 3, 3),
          t([2, 5, 3]))
    state = group(f(2, 4), f(2, 4)) if name == "LSTM" else f(2, 4)
    layer(key + "_cell", lambda name=name: getattr(nn, name + "Cell")(3, 4), f(2, 3), state)
    layer(key + "_cell_unrolled", lambda name=name: Unrolled(getattr(nn, name + "Cell")(3, 4)),
          f(3, 2, 3), state)
layer("rnn_relu", lambda: nn.RNN(3, 4, nonlinearity="relu", bidirectional=True), f(5, 2, 3))
layer("rnn_relu_cell", lambda: nn.RNNCell(3, 4, nonlinearity="relu"), f(2, 3))
layer("lstm_projected", lambda: nn.LSTM(3, 5, proj_size=2), f(4, 2, 3))

ROWS.family("transformer")


class Masked(nn.Module):
    def __init__(self, layer, size, padding=False):
        super().__init__()
        self.layer, self.padding = layer, padding
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(size))

    def forward(self, x):
        more = {"src_key_padding_mask": torch.arange(x.shape[0])[None] >= torch.tensor(
            [[x.shape[0]], [2]])} if self.padding else {}
        return self.layer(x, self.mask, **more)


for form, arguments in (("plain", {}), ("first", {"norm_first": True}),
                        ("gelu", {"activation": "gelu"}), ("batch", {"batch_first": True})):
    layer("encoder_layer_" + form, lambda arguments=arguments: nn.TransformerEncoderLayer(
        8, 2, 16, **arguments), f(5, 2, 8))
    layer("decoder_layer_" + form, lambda arguments=arguments: nn.TransformerDecoderLayer(
        8, 2, 16, **arguments), f(5, 2, 8), f(5, 2, 8))
layer("encoder", lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 4, 12), 2,
                                               nn.LayerNorm(8)), f(4, 1, 8))
layer("encoder_masked", lambda: Masked(nn.TransformerEncoderLayer(8, 2, 16), 4), f(4, 2, 8))
layer("encoder_padding", lambda: Masked(nn.TransformerEncoderLayer(8, 2, 16), 4, True),
      f(4, 2, 8))
layer("decoder", lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 12), 2),
      f(3, 1, 8), f(4, 1, 8))
layer("transformer", lambda: nn.Transformer(8, 2, 1, 1, 16), f(4, 2, 8), f(3, 2, 8))

ROWS.family("other layers")
layer("linear", lambda: nn.Linear(5, 3), f(2, 5))
layer("linear_vector", lambda: nn.Linear(5, 3), f(5))
layer("linear_bare", lambda: nn.Linear(1, 3, bias=False), f(2, 3, 1))
layer("linear_volume", lambda: nn.Linear(5, 1), f(2, 1, 3, 5))
layer("bilinear", lambda: nn.Bilinear(3, 4, 5), f(2, 3), f(2, 4))
layer("bilinear_bare", lambda: nn.Bilinear(3, 4, 1, bias=False), f(2, 2, 3), f(2, 2, 4))
layer("embedding", lambda: nn.Embedding(7, 3), i(7, 2, 4))
layer("embedding_padding", lambda: nn.Embedding(7, 3, padding_idx=0), i(7, 5))
layer("embedding_scalar", lambda: nn.Embedding(7, 3), i(7))
layer("embedding_norm", lambda: nn.Embedding(7, 3, max_norm=0.5), i(7, 4))
for mode in ("sum", "mean", "max"):
    layer("bag_" + mode, lambda mode=mode: nn.EmbeddingBag(7, 3, mode=mode), i(7, 2, 4))
    layer("bag_offsets_" + mode, lambda mode=mode: nn.EmbeddingBag(7, 3, mode=mode), i(7, 6),
          t([0, 2, 5]))
layer("bag_weights", lambda: nn.EmbeddingBag(7, 3, mode="sum"), i(7, 6), t([0, 2, 5]), f(6))
layer("pixel_shuffle", lambda: nn.PixelShuffle(3), f(2, 18, 2, 3))
layer("pixel_unshuffle", lambda: nn.PixelUnshuffle(2), f(2, 3, 4, 6))
layer("channel_shuffle", lambda: nn.ChannelShuffle(3), f(2, 6, 3, 4))
layer("flatten", lambda: nn.Flatten(), f(2, 3, 4))
layer("flatten_middle", lambda: nn.Flatten(1, 2), f(2, 3, 4, 5))
layer("unflatten", lambda: nn.Unflatten(1, (2, 3)), f(2, 6, 3))
layer("fold", lambda: nn.Fold((5, 6), (2, 3)), f(2, 12, 16))
layer("fold_stride", lambda: nn.Fold((5, 6), 2, dilation=2, padding=1, stride=2), f(1, 8, 9))
layer("unfold", lambda: nn.Unfold((2, 3)), f(2, 2, 5, 6))
layer("unfold_stride", lambda: nn.Unfold(2, dilation=2, padding=1, stride=2), f(1, 3, 5, 6))
for n, space in SPACE.items():
    pad = [2, 1, 1, 0, 0, 2][:2 * n]
    layer("pad%d_constant" % n, lambda n=n, pad=pad: getattr(nn, "ConstantPad%dd" % n)(pad, 1.5),
          f(1, 2, *space))
    layer("pad%d_replicate" % n, lambda n=n, pad=pad: getattr(nn, "ReplicationPad%dd" % n)(pad),
          f(1, 2, *space))
    layer("pad%d_reflect" % n, lambda n=n, pad=pad: getattr(nn, "ReflectionPad%dd" % n)(pad),
          f(1, 2, *space))
    layer("pad%d_cut" % n, lambda n=n: getattr(nn, "ConstantPad%dd" % n)([-1, 2] * n, 0.0),
          f(1, 2, *space))
layer("pad2_zero", lambda: nn.ZeroPad2d((1, 2, 0, 3)), f(1, 2, 3, 4))
layer("cosine", lambda: nn.CosineSimilarity(), f(3, 5), f(3, 5))
layer("cosine_last", lambda: nn.CosineSimilarity(-1), f(2, 3, 5), f(2, 3, 5))
for p in (1.0, 2.0, 3.0):
    layer("pairwise_%d" % p, lambda p=p: nn.PairwiseDistance(p), f(3, 5), f(3, 5),
          exporter="the power is taken of differences with their signs" * (p != 2))
layer("pairwise_keep", lambda: nn.PairwiseDistance(keepdim=True), f(3, 5), f(3, 5))

ROWS.family("upsampling")
for n, modes in ((1, ("nearest", "linear", "nearest-exact")),
                 (2, ("nearest", "bilinear", "bicubic", "nearest-exact")),
                 (3, ("nearest", "trilinear"))):
    for mode in modes:
        for corners in (None,) if mode.startswith("near") else (False, True):
            key = "%s%d%s" % (mode.replace("-", "_"), n, "_corners" * bool(corners))
            for form, more in (("twice", {"scale_factor": 2}), ("scale", {"scale_factor": 1.7}),
                               ("down", {"scale_factor": 0.6}),
                               ("size", {"size": (5, 8, 3)[:n]}), ("one", {"size": 1})):
                layer("up_%s_%s" % (key, form), lambda mode=mode, corners=corners, more=more:
                      nn.Upsample(mode=mode, align_corners=corners, **more),
                      f(1, 2, *(4, 5, 3)[:n]),
                      **({"exporter": UNROUNDED} if corners and form in ("scale", "down") else
                         {} if mode.startswith("near") or corners else HALVES))
layer("up_recompute", lambda: nn.Upsample(scale_factor=1.7, mode="bilinear",
                                          recompute_scale_factor=True), f(1, 2, 4, 5),
      **HALVES)
layer("up_uneven", lambda: nn.Upsample(scale_factor=(1.5, 0.7), mode="bilinear"), f(1, 2, 4, 5),
      **HALVES)
layer("up_module_nearest", lambda: nn.UpsamplingNearest2d(scale_factor=3), f(1, 2, 2, 3))
layer("up_module_bilinear", lambda: nn.UpsamplingBilinear2d(scale_factor=2), f(1, 2, 2, 3))

ROWS.family("losses")
for name, x, y in (
        ("L1Loss", f(3, 4), f(3, 4)), ("MSELoss", f(3, 4), f(3, 4)),
        ("SmoothL1Loss", f(3, 4), f(3, 4)), ("HuberLoss", f(3, 4), f(3, 4)),
        ("CrossEntropyLoss", f(4, 5), i(5, 4)), ("CrossEntropyLoss", f(2, 5, 3), i(5, 2, 3)),
        ("CrossEntropyLoss", f(4, 5), pos(4, 5)),
        ("NLLLoss", f(4, 5), i(5, 4)), ("NLLLoss", f(2, 5, 3, 2), i(5, 2, 3, 2)),
        ("BCELoss", near(0.01, 0.99, 3, 4), near(0, 1, 3, 4)),
        ("BCEWithLogitsLoss", f(3, 4), near(0, 1, 3, 4)), ("KLDivLoss", f(3, 4), pos(3, 4)),
        ("PoissonNLLLoss", f(3, 4), pos(3, 4)), ("SoftMarginLoss", f(3, 4), f(3, 4)),
        ("HingeEmbeddingLoss", f(3, 4), t([[1.0, -1, 1, -1]] * 3)),
        ("MultiLabelSoftMarginLoss", f(3, 4), near(0, 1, 3, 4)),
        ("MultiMarginLoss", f(3, 4), i(4, 3)), ("MultiLabelMarginLoss", f(3, 4), i(4, 3, 4))):
    n = sum(r.name.startswith(name.lower()) for r in ROWS)
    for reduction in ("mean", "sum", "none"):
        layer("%s_%d_%s" % (name.lower(), n, reduction), lambda name=name, reduction=reduction:
              getattr(nn, name)(reduction=reduction), x, y,
              exporter=("SoftmaxCrossEntropyLoss with probabilities, which the standard does "
                        "not have") * ((name, n) == ("CrossEntropyLoss", 6)))
layer("cross_entropy_ignore", lambda: nn.CrossEntropyLoss(
    weight=torch.rand(5) + 0.1, ignore_index=2), f(6, 5), t([0, 2, 4, 1, 2, 3]))
layer("cross_entropy_smooth", lambda: nn.CrossEntropyLoss(label_smoothing=0.1), f(4, 5), i(5, 4))
layer("gaussian_nll", lambda: nn.GaussianNLLLoss(), f(3, 4), f(3, 4), pos(3, 4))
layer("cosine_loss", lambda: nn.CosineEmbeddingLoss(), f(3, 4), f(3, 4), t([1, -1, 1]))
layer("margin_ranking", lambda: nn.MarginRankingLoss(0.2), f(5), f(5), t([1, -1, 1, -1, 1]))
layer("triplet", lambda: nn.TripletMarginLoss(), f(3, 4), f(3, 4), f(3, 4))
