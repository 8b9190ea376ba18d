"""Every scheme: its formula, where it comes from, and its law measured on one layer."""

import numpy as np

from wi_docs.nn import initializers
from wi_docs.pages.tables import Table

SHAPE = (400, 100)
# Name, formula of the variance or of the weights, for what, paper.
ROWS = (
    ("zeros", "$0$", "linear models, biases, last layer of a branch", ""),
    ("constant", "$c$", "nothing", ""),
    ("normal", r"$\sigma^2$, here $0.01^2$", "shallow networks of the past", "@krizhevsky2012"),
    ("uniform", r"$\text{limit}^2/3$, here $0.05^2/3$", "embeddings in Keras", ""),
    ("truncated_normal", r"$\sigma^2$, here $0.02^2$", "transformers", ""),
    ("sparse", r"15 weights a unit, variance 1", "deep autoencoders of 2010", "@martens2010"),
    ("lecun_normal", r"$1/n_\text{in}$", "linear, tanh, SELU", "@lecun1998"),
    ("lecun_uniform", r"$1/n_\text{in}$", "linear, tanh, SELU", "@lecun1998"),
    ("glorot_normal", r"$2/(n_\text{in} + n_\text{out})$", "tanh, linear", "@glorot2010"),
    ("glorot_uniform", r"$2/(n_\text{in} + n_\text{out})$", "tanh, linear", "@glorot2010"),
    ("he_normal", r"$2/n_\text{in}$", "ReLU", "@he2015"),
    ("he_uniform", r"$2/n_\text{in}$", "ReLU", "@he2015"),
    ("orthogonal", r"$W^\top W = I$", "deep and recurrent", "@saxe2014"),
    ("identity", "$W = I$", "recurrent, with ReLU", "@le2015"),
    ("pytorch_linear", r"$1/(3\,n_\text{in})$", "PyTorch's default", ""),
    ("keras_dense", r"$2/(n_\text{in} + n_\text{out})$", "Keras's default", ""),
    ("flax_dense", r"$1/n_\text{in}$", "Flax's default", ""),
    ("mup_readout", r"$1/n_\text{in}^2$", "output layer under maximal update", "@yang2022"),
)


def table() -> Table:
    """Measure each scheme."""
    if tuple(name for name, *_ in ROWS) != initializers.names():
        raise ValueError("the table and initializers.names() list different schemes")
    laws = [initializers.get(name)(np.random.default_rng(0), SHAPE) for name, *_ in ROWS]
    return Table(
        f"Variance of a weight by scheme, and $n_\\text{{in}}$ times its mean square as measured on one layer of {SHAPE[0]} inputs and {SHAPE[1]} units. "
        "`fixup` and `gpt2_residual` need the depth of the network too.",
        {
            "scheme": [f"`{name}`" for name, *_ in ROWS],
            "variance or form": [formula for _, formula, *_ in ROWS],
            "for": [purpose for *_, purpose, _ in ROWS],
            "paper": [paper for *_, paper in ROWS],
            "measured": [SHAPE[0] * float((W**2).mean()) for W in laws],
        },
        {"measured": ".3g"},
    )
