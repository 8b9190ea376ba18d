"""The command line but for claims: gains and schemes in a terminal."""

import os
import subprocess
import sys

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


# The first two fit into Python's buffer of 8 kB and meet the closed pipe when it is flushed; the last does in `print`.
@pytest.mark.parametrize(
    "command",
    [
        ["gain", "relu"],
        ["diagnose", "--theory-only", "--widths", "8,8,2", "--scheme", "he_normal"],
        ["diagnose", "--theory-only", "--widths", "8,8x200,2", "--scheme", "he_normal", "--json"],
    ],
)
def test_a_pipe_that_is_closed_early_ends_a_command_quietly(command):
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "wi_docs", *command],
            stdout=writer, stderr=subprocess.PIPE, env=buffered, text=True, check=False,
        )  # fmt: skip
    finally:
        os.close(writer)
    assert done.stderr == ""
    assert done.returncode == 141  # as a shell has it for a program that SIGPIPE ends: neither a verdict nor an error
