"""The command line but for claims: gains and schemes in a terminal."""

import pytest

from wi_docs import gain
from wi_docs.__main__ import main
from wi_docs.nn.initializers import names


def test_gains(capsys):
    assert main(["gain", "gelu", "tanh"]) == 0
    said = capsys.readouterr().out
    assert f"forward       {gain('gelu'):.6f}" in said
    assert "PyTorch       refuses it" in said
    assert "PyTorch       1.6667" in said


def test_an_unknown_activation_suggests_the_nearest(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["gain", "glue"])
    assert stopped.value.code == 2
    assert "did you mean 'gelu'" in capsys.readouterr().err


def test_schemes(capsys):
    assert main(["schemes"]) == 0
    said = capsys.readouterr().out
    lines = said.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == list(names())
    assert "\\" not in said
    assert "xavier_normal is glorot_normal" in lines[-1]
