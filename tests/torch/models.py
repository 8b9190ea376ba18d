"""Models whose diagnosis is known. `python -m wi_docs diagnose --torch tests.torch.models:NAME` looks at one."""

import torch
from torch import nn


def plain(depth=20, width=256, *, he=False, dtype=torch.float32):
    """Twenty ReLU layers as `nn.Linear` starts."""
    torch.manual_seed(0)
    layers = []
    for inputs, outputs in [(64, width), *[(width, width)] * (depth - 1)]:
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(width, 10))
    if he:
        for module in model.modules():
            if isinstance(module, nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)
    return model.to(dtype)


def he():
    """The same at He's scale."""
    return plain(he=True)


def wide():
    """A plain network of a size at which a pass takes some time."""
    return plain(8, 1024, he=True)


def constant(layers=(2, 4)):
    """Two layers of constants in a row in a network at He's scale: the units between them have no difference."""
    model = plain(4, he=True)
    for layer in layers:
        nn.init.constant_(model[layer].weight, 0.01)
    return model


def dead():
    """One layer that is off for every input."""
    model = plain(4, he=True)
    nn.init.constant_(model[4].bias, -100.0)
    return model


def half():
    """A network that overflows half precision: weights ten times too large."""
    model = plain(8, he=True)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Linear):
                module.weight *= 10
    return model.half()


class Residual(nn.Module):
    """ResNet's basic block: two convolutions with batch normalization, added to the input."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        skipped = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += skipped
        return self.relu(out)


def resnet(widths=(64, 128, 256, 512)):
    """ResNet-18's shape, written by hand, with the initialization that torchvision gives it."""
    torch.manual_seed(0)
    blocks, inputs = [], 64
    for outputs, stride in zip(widths, (1, 2, 2, 2), strict=True):
        blocks += [Residual(inputs, outputs, stride), Residual(outputs, outputs, 1)]
        inputs = outputs
    model = nn.Sequential(
        nn.Conv2d(3, 64, 7, 2, 3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2, 1),
        *blocks,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(inputs, 10),
    )
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return model, torch.randn(16, 3, 64, 64, generator=torch.Generator().manual_seed(0))


class Words(nn.Module):
    """A small language model: an embedding, pre-norm transformer blocks, a norm, a matrix to words."""

    def __init__(self, blocks=6, width=128, words=1000):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, 4, 4 * width, dropout=0.1, activation="gelu", batch_first=True, norm_first=True
            )
            for _ in range(blocks)
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, words, bias=False)

    def forward(self, x):
        x = self.embedding(x)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def transformer():
    """Six pre-norm transformer blocks."""
    torch.manual_seed(0)
    return Words()
