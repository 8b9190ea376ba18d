"""Muon, against PyTorch's own."""

import numpy as np
import pytest
import torch

from wi_docs.experiments.optimizers import Muon


@pytest.mark.parametrize("shape", [(32, 32), (20, 40), (40, 20)])
def test_three_steps_are_those_of_pytorch(shape):
    """PyTorch's iteration is in bfloat16, which has eight bits."""
    rng = np.random.default_rng(0)
    start, gradients = rng.standard_normal(shape), rng.standard_normal((3, *shape))
    ours = Muon([start.copy()], [0], beside=0.003)
    theirs = torch.nn.Parameter(torch.tensor(start.T))
    reference = torch.optim.Muon([theirs], lr=0.1, weight_decay=0.0, momentum=0.95, nesterov=True)
    for gradient in gradients:
        ours.step([gradient], [0.1])
        theirs.grad = torch.tensor(gradient.T)
        reference.step()
    moved, wanted = ours.parameters[0] - start, theirs.detach().numpy().T - start
    assert np.linalg.norm(moved - wanted) < 0.05 * np.linalg.norm(wanted)
