# SPDX-License-Identifier: Apache-2.0
"""What the tables of pytorch.py are made of: rows and their random operands."""
import torch


class Function(torch.nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *operands):
        return self.function(*operands)


class Row:
    def __init__(self, family, name, model, inputs, exporter, before):
        self.family, self.name, self.model, self.inputs = family, name, model, inputs
        self.exporter, self.before = exporter, before


class Table(list):
    """Rows of families; family() starts the next."""

    def family(self, name):
        self.name = name

    def layer(self, name, factory, *inputs, exporter="", before=99):
        """factory: makes the module; exporter: what PyTorch's exporter writes wrongly (in operator
        sets before that one)."""
        self.append(Row(self.name, name, factory, inputs, exporter, before))

    def function(self, name, function, *inputs, **more):
        self.layer(name, lambda: Function(function), *inputs, **more)


def f(*dims):
    return lambda: torch.randn(dims)


def near(low, high, *dims):
    return lambda: torch.empty(dims).uniform_(low, high)


def pos(*dims):
    return near(0.1, 3.0, *dims)


def d(*dims):
    return lambda: torch.randn(dims, dtype=torch.float64)


def i(high, *dims, low=0, dtype=torch.int64):
    return lambda: torch.randint(low, high, dims, dtype=dtype)


def b(*dims):
    return lambda: torch.rand(dims) > 0.5


def t(values, dtype=None):
    return lambda: torch.tensor(values, dtype=dtype)


def group(*makers):
    """Operands that are one tuple."""
    return lambda: tuple(m() for m in makers)
