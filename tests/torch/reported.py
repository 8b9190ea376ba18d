"""Small models after what people reported and asked about, each with the diagnosis that is right for it.

What is right was worked out apart from the package, by autograd and by training; `scripts/maintain/diagnosis_trials.py`
trains all of them again. `python -m wi_docs diagnose --torch tests.torch.reported:NAME` looks at one.
"""

import itertools
import math

import torch
from torch import nn
from torch.nn import functional

GOOD, BAD = {}, {}


def good(build):
    """Add a model that starts well."""
    GOOD[build.__name__] = build
    return build


def bad(*kinds):
    """Add a model that does not, with the kinds of problems of which one has to be the first."""

    def add(build):
        BAD[build.__name__] = build, kinds
        return build

    return add


def normal(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def he(model):
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            nn.init.zeros_(module.bias)
    return model


def mlp(*widths, last=None, phi=nn.ReLU, start=he):
    torch.manual_seed(0)
    layers = []
    for a, b in itertools.pairwise(widths):
        layers += [nn.Linear(a, b), phi()]
    model = start(nn.Sequential(*layers[:-1]))
    return nn.Sequential(*model, last) if last else model


# The output ignores its input: a statement about differences


@good
def binary():
    return mlp(30, 64, 64, 1, last=nn.Sigmoid())


@good
def regression_with_the_mean_as_bias():
    x = normal(128, 30)
    model = mlp(30, 64, 64, 1)
    with torch.no_grad():
        model[-1].bias.fill_(5.0)
        model[-1].weight.mul_(0.1)
    return model, x, 5 + x[:, :3].sum(1, keepdim=True) / 2


@good
def prior_bias():
    model = mlp(64, 128, 20)
    nn.init.normal_(model[2].weight, 0, 0.01)
    nn.init.constant_(model[2].bias, -4.595)
    return model, normal(64, 64), (torch.rand(64, 20, generator=torch.Generator().manual_seed(2)) < 0.01).float()


@good
def log_softmax():
    return mlp(64, 128, 128, 10, last=nn.LogSoftmax(1))


@bad("dead layer")
def dead_before_a_sigmoid():
    model = binary()
    with torch.no_grad():
        model[2].bias.fill_(-50)
    return model


# Zeros that are meant, and zeros that are not


class Lora(nn.Module):
    def __init__(self, inputs, outputs, *, both=False):
        super().__init__()
        self.base = nn.Linear(inputs, outputs).requires_grad_(False)
        self.A, self.B = nn.Linear(inputs, 4, bias=False), nn.Linear(4, outputs, bias=False)
        nn.init.zeros_(self.B.weight)
        if both:
            nn.init.zeros_(self.A.weight)

    def forward(self, x):
        return self.base(x) + 2 * self.B(self.A(x))


def adapted(**options):
    torch.manual_seed(0)
    widths = (64, 128), (128, 128), (128, 10)
    a, b, c = (Lora(*pair, **options) for pair in widths)
    return nn.Sequential(a, nn.ReLU(), b, nn.ReLU(), c), normal(32, 64)


@good
def lora():
    return adapted()


@bad("no gradient")
def lora_of_two_zeros():
    return adapted(both=True)


@good
def small_policy():
    torch.manual_seed(0)
    model = mlp(17, 64, 64, 6, phi=nn.Tanh, start=lambda m: m)
    for module, gain in ((model[0], 2**0.5), (model[2], 2**0.5), (model[4], 0.01)):
        nn.init.orthogonal_(module.weight, gain)
        nn.init.zeros_(module.bias)
    return model


class Scaled(nn.Module):
    """Residual branches that each channel's small number multiplies, as LayerScale does."""

    def __init__(self, scale, blocks=4, width=64):
        super().__init__()
        self.read = nn.Linear(32, width)
        self.blocks = nn.ModuleList(nn.Linear(width, width) for _ in range(blocks))
        self.gammas = nn.ParameterList([nn.Parameter(torch.full((width,), scale)) for _ in range(blocks)])
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        x = self.read(x)
        for block, gamma in zip(self.blocks, self.gammas, strict=True):
            x = x + gamma * torch.relu(block(x))
        return self.head(x)


@good
def layer_scale():
    torch.manual_seed(0)
    return Scaled(1e-5), normal(32, 32)


class ScaledLast(nn.Module):
    """Residual branches behind small scales that have axes for the positions, and a last layer of zeros."""

    def __init__(self, small=1e-4, blocks=6, width=64):
        super().__init__()
        self.read = nn.Conv2d(3, width, 4, 4)
        self.branches = nn.ModuleList(nn.Conv2d(width, width, 1) for _ in range(blocks))
        self.scales = nn.ParameterList([nn.Parameter(torch.full((width, 1, 1), small)) for _ in range(blocks)])
        self.head = nn.Linear(width, 10)
        nn.init.zeros_(self.head.weight)

    def forward(self, x):
        x = self.read(x)
        for branch, scale in zip(self.branches, self.scales, strict=True):
            x = x + scale * torch.relu(branch(x))
        return self.head(x.mean((2, 3)))


@good
def scales_behind_a_head_of_zeros():
    torch.manual_seed(0)
    return ScaledLast(), normal(16, 3, 32, 32)


@bad("exploding gradient")
def scales_that_do_not_explain_an_explosion():
    torch.manual_seed(0)
    model = ScaledLast(0.05)
    model.read = nn.Sequential(nn.Conv2d(3, 64, 4, 4), *[nn.Conv2d(64, 64, 1) for _ in range(8)])
    for layer in model.read:
        nn.init.normal_(layer.weight, std=4 / 8)
        nn.init.zeros_(layer.bias)
    nn.init.normal_(model.head.weight, std=1 / 8)
    with torch.no_grad():
        model.read[0].weight *= 4**-9  # so that the outputs are not loud
    return model, normal(16, 3, 32, 32)


class ChannelScale(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gamma = nn.Parameter(1e-5 * normal(width, 1, 1).sign())

    def forward(self, x):
        return self.gamma * x


@good
def scales_that_are_equal_by_chance():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 32, 3), ChannelScale(32), nn.ReLU(), nn.Flatten(), nn.Linear(1152, 10))
    with torch.no_grad():
        model[0].weight[16:] *= 1e-9  # channels of which nothing is heard, so that their scales stay as they are
    return model, normal(16, 3, 8, 8)


@good
def rezero():
    torch.manual_seed(0)
    return Scaled(0.0), normal(32, 32)


class Controlled(nn.Module):
    def __init__(self, zeros):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(3, 16, 3, padding=1)
        self.zeros = nn.Sequential(*[nn.Conv2d(16, 16, 1) for _ in range(zeros)])
        for p in self.zeros.parameters():
            nn.init.zeros_(p)
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        return self.head((torch.relu(self.a(x)) + self.zeros(functional.silu(self.b(x)))).amax((2, 3)))


@good
def one_zero_convolution():
    torch.manual_seed(0)
    return Controlled(1), normal(16, 3, 16, 16)


@bad("no gradient")
def two_zero_convolutions():
    torch.manual_seed(0)
    return Controlled(2), normal(16, 3, 16, 16)


# Equal units


@good
def one_constant_layer():
    model = mlp(64, 128, 128, 10)
    nn.init.constant_(model[2].weight, 0.01)
    return model


@bad("equal units")
def all_ones():
    model = mlp(64, 64, 64, 10)
    for module in model[::2]:
        nn.init.ones_(module.weight)
    return model


@bad("equal units")
def constants_and_dropout():
    a, b, c = (nn.Linear(*pair) for pair in ((64, 64), (64, 64), (64, 10)))
    for module in (a, b, c):
        nn.init.constant_(module.weight, 0.1)
        nn.init.zeros_(module.bias)
    return nn.Sequential(a, nn.ReLU(), nn.Dropout(0.5), b, nn.ReLU(), nn.Dropout(0.5), c)


@good
def depthwise_blur():
    torch.manual_seed(0)
    blur = nn.Conv2d(32, 32, 3, padding=1, groups=32, bias=False)
    nn.init.constant_(blur.weight, 1 / 3)
    first = [nn.Conv2d(3, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(), blur, nn.BatchNorm2d(32)]
    return nn.Sequential(*first, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))


class Pair(nn.Module):
    class Own(nn.Embedding):
        pass

    def __init__(self):
        super().__init__()
        self.words, self.kinds, self.head = nn.Embedding(100, 32), self.Own(2, 32), nn.Linear(32, 100)
        nn.init.constant_(self.kinds.weight, 0.1)

    def forward(self, x):
        return self.head(self.words(x) + self.kinds(torch.zeros_like(x)))


@good
def equal_rows_of_an_embedding():
    torch.manual_seed(0)
    return Pair(), torch.randint(100, (8, 8), generator=torch.Generator().manual_seed(1))


@bad("equal units")
def recurrent_constants():
    model, x = sequence(nn.RNN, steps=10)
    for p in model.parameters():  # those behind too: units that only share what comes in part at the first step
        nn.init.constant_(p, 0.01)
    return model, x


# Transposed convolutions


def transposed():
    torch.manual_seed(0)
    layers = []
    for a, b in ((256, 16), (16, 256)) * 3:
        layer = nn.ConvTranspose2d(a, b, 1)
        nn.init.normal_(layer.weight, 0, math.sqrt(2 / a))
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 10)), normal(16, 256, 4, 4)


@good
def equal_inputs_of_a_transposed_convolution():
    torch.manual_seed(0)
    layer = nn.ConvTranspose2d(64, 32, 4, 2, 1)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(1, 32, 4, 4).expand(64, 32, 4, 4) / 32)
    layers = [nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(), layer, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(32, 10)), normal(16, 3, 8, 8)


# Through time


class Last(nn.Module):
    def __init__(self, kind, width=64):
        super().__init__()
        self.rnn, self.head = kind(8, width, batch_first=True), nn.Linear(width, 4)

    def forward(self, x):
        return self.head(self.rnn(x)[0][:, -1])


class Each(Last):
    def forward(self, x):
        return self.head(self.rnn(x)[0])


def sequence(kind, steps=100, model=Last):
    torch.manual_seed(0)
    return model(kind), normal(32, steps, 8)


@bad("vanishing gradient through time")
def lstm_of_a_hundred_steps():
    return sequence(nn.LSTM)


@bad("vanishing gradient through time")
def rnn_of_a_hundred_steps():
    return sequence(nn.RNN)


@good
def lstm_of_twelve_steps():
    return sequence(nn.LSTM, 12)


@good
def lstm_with_a_label_at_each_step():
    return sequence(nn.LSTM, model=Each)


@good
def lstm_that_keeps():
    model, x = lstm_of_a_hundred_steps()
    with torch.no_grad():
        model.rnn.bias_ih_l0[64:128] = 3.0
        model.rnn.bias_hh_l0[64:128] = 0.0
    return model, x


# Parameters by themselves


@bad("parameter without a value")
def one_nan():
    model = mlp(64, 128, 10)
    with torch.no_grad():
        model[2].weight[3, 5] = math.nan
    return model


@bad("parameter without a value")
def nan_that_no_word_reaches():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(1000, 64), nn.Linear(64, 1000))
    with torch.no_grad():
        model[0].weight[999] = math.nan
    return model, torch.randint(0, 900, (16, 8), generator=torch.Generator().manual_seed(1))


@bad("parameter without a value")
def memory_that_nothing_was_written_to():
    model = mlp(64, 128, 10)
    with torch.no_grad():
        model[2].weight[0, 0] = 1e37
    return model


class Own(nn.Module):
    def __init__(self, deviation):
        super().__init__()
        self.matrices = nn.ParameterList([nn.Parameter(torch.randn(64, 64) * deviation) for _ in range(12)])
        self.out = nn.Parameter(torch.randn(64, 10) / 8)

    def forward(self, x):
        for matrix in self.matrices:
            x = torch.tanh(x @ matrix)
        return x @ self.out


@good
def parameters_of_the_root():
    torch.manual_seed(0)
    return Own(1 / 8), normal(32, 64)


@bad("vanishing gradient", "no gradient")
def small_parameters_of_the_root():
    torch.manual_seed(0)
    return Own(0.02), normal(32, 64)


# Activations by what they do


@good
def leaky_of_a_fifth():
    model = mlp(64, 256, 256, 256, 10, phi=lambda: nn.LeakyReLU(0.2))
    with torch.no_grad():
        for module in model[:-1:2]:
            module.bias.fill_(-1.0)
    return model


@good
def relu6():
    return mlp(64, 256, 256, 256, 10, phi=nn.ReLU6)


class Formula(nn.Module):
    def forward(self, x):
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


@good
def gelu_by_its_formula():
    model = mlp(64, 256, 256, 10, phi=Formula)
    with torch.no_grad():
        model[0].weight.mul_(1.5)
    return model


# Weights that are computed from others


def deep(wrap, start=lambda m: m):
    torch.manual_seed(0)
    layers = []
    for a, b in ((64, 128), *[(128, 128)] * 19):
        layers += [wrap(start(nn.Linear(a, b))), nn.ReLU()]
    return nn.Sequential(*layers, wrap(start(nn.Linear(128, 10))))


@bad("vanishing gradient", "output ignores its input")
def weight_norm():
    return deep(nn.utils.parametrizations.weight_norm)


@good
def weight_norm_at_he():
    return deep(nn.utils.parametrizations.weight_norm, he)


@good
def lengths_of_one():
    torch.manual_seed(0)
    last = nn.utils.parametrizations.weight_norm(nn.Linear(64, 256, bias=False))
    last.parametrizations.weight.original0.data.fill_(1)
    return nn.Sequential(nn.Linear(64, 64), nn.GELU(), last)


# Few numbers, loud numbers


@good
def a_batch_of_one():
    return mlp(64, 64, 10), normal(1, 64)


@good
def narrow():
    return mlp(16, 4, 4, 4, 4, 3)


@bad("initial loss too large")
def raw_pixels():
    pixels = torch.randint(0, 256, (32, 784), generator=torch.Generator().manual_seed(1)).float()
    return mlp(784, 128, 10, start=lambda m: m), pixels


@bad("initial loss too large")
def one_loud_layer():
    model = mlp(64, 256, 10)
    with torch.no_grad():
        model[2].weight.mul_(40)
    return model


# The reader's own step


class Keywords(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = mlp(64, 64, 10)

    def forward(self, *, image, labels=None):
        logits = self.net(image)
        return {"logits": logits} | ({} if labels is None else {"loss": functional.cross_entropy(logits, labels)})


LABELS = torch.arange(32) % 10


@good
def keywords():
    return Keywords(), {"image": normal(32, 64)}


@good
def keywords_with_labels():
    return Keywords(), {"image": normal(32, 64), "labels": LABELS}


@good
def left_out_labels():
    return mlp(64, 64, 10), normal(32, 64), torch.where(LABELS == 3, -100, LABELS)


@good
def segmentation():
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.Conv2d(32, 5, 1)
    x = normal(8, 3, 16, 24)
    return nn.Sequential(*layers), x, (x[:, 0] > 0).long()


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.trunk, self.a, self.b = nn.Linear(64, 64), nn.Linear(64, 10), nn.Linear(64, 4)

    def forward(self, x):
        h = torch.relu(self.trunk(x))
        return self.a(h), self.b(h)


@good
def two_targets():
    return Two(), normal(32, 64), (LABELS, normal(32, 4))


@good
def a_loss_of_its_own():
    return mlp(64, 64, 10), normal(32, 64), LABELS, lambda y, t: functional.cross_entropy(y, t, label_smoothing=0.1)
