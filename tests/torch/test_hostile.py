"""Hostile models end in a verdict or in a sentence: some of a great many, drawn by `tests.torch.hostile`."""

import pytest
import torch
from torch import nn

from tests import hostile
from wi_docs.diagnosis.probe import probe

MODELS = range(4, 1000, 5)  # the seeds that draw models


@pytest.mark.filterwarnings("ignore")  # of models that nobody should build
def test_no_model_ends_in_anything_but_a_verdict_or_a_sentence(tmp_path):
    assert [found for seed in MODELS if (found := hostile.wrong(seed, tmp_path))] == []


class Sparse(nn.Module):
    """A last step that makes a sparse tensor."""

    def forward(self, x):
        return x.to_sparse()


def test_a_sparse_output_is_refused_or_left_to_the_loss_that_is_given():
    with pytest.raises(ValueError, match="must be a dense tensor, got one of layout"):
        probe(nn.Sequential(nn.Linear(4, 3), Sparse()), torch.randn(8, 4))
    model = nn.Sequential(nn.Linear(4, 3), Sparse())
    found = probe(model, torch.randn(8, 4), loss=lambda out: out.to_dense().square().mean())
    assert (found.output_apart, found.output_correlation) == (None, None)


def test_a_long_message_of_pytorch_is_cut():
    def fails(out):
        raise NotImplementedError("x" * 1000 + "\nall backends")

    with pytest.raises(ValueError, match=r"the loss that was given fails: NotImplementedError: x{300} …$"):
        probe(nn.Linear(4, 3), torch.randn(8, 4), loss=fails)
