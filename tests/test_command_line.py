"""The command line but for claims: gains and schemes in a terminal."""

import os
import subprocess
import sys

import numpy as np
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


NETWORK = ("--widths", "8,8,2", "--scheme", "he_normal")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((*NETWORK, "--layers", "a,b"), "--layers goes with a file of weights"),
        ((*NETWORK, "--order", "in,out"), "--order goes with a file of weights"),
        ((*NETWORK, "--input", "3,3"), "--input goes with --torch"),
        ((*NETWORK, "--batch", "0"), "--batch goes with --torch"),
        ((*NETWORK, "--steps", "-3"), "--steps goes with --torch"),
        ((*NETWORK, "--rate", "nan"), "--rate goes with --torch"),
        ((*NETWORK, "--optimizer", "adam"), "--optimizer goes with --torch"),
        (("--torch", "a:b", "--layers", "a"), "--layers goes with a file of weights"),
        (("--torch", "a:b", "--theory-only"), "--theory-only goes with a description or weights"),
        (("--torch", "a:b", "--rate", "0.1"), "--rate goes with --steps"),
        ((*NETWORK, "--sigma-w", "1"), "either --scheme or --sigma-w"),
    ],
)
def test_an_argument_that_would_be_left_out_is_refused(arguments, says, capsys):
    assert main(["diagnose", *arguments]) == 2
    assert says in capsys.readouterr().err


def test_the_name_of_a_figure_may_end_in_capitals(tmp_path, capsys):
    assert main(["diagnose", *NETWORK, "--quiet", "--figure", str(tmp_path / "OUT.SVG")]) == 0
    assert (tmp_path / "OUT.SVG").is_file()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_verdict_is_printed_where_not_all_characters_can_be(encoding):
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [sys.executable, "-m", "wi_docs", "diagnose", *NETWORK], capture_output=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert b"Good." in done.stdout


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"a = " + b"[" * 100_000, "is nested too deep"), ("activation = 'é'".encode("latin-1"), "net.toml is no text")],
)
def test_a_file_that_is_no_description_is_named_as_that(content, says, tmp_path, capsys):
    (tmp_path / "net.toml").write_bytes(content)
    assert main(["diagnose", str(tmp_path / "net.toml")]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert "fault of wi_docs" not in said


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


def test_words_on_a_network_do_not_go_with_a_file_that_shows_none(tmp_path, capsys):
    path = tmp_path / "inventory.npz"
    np.savez(path, conv=np.ones((3, 3, 2, 2)), norm=np.ones(5))
    assert main(["diagnose", str(path), "--quiet"]) == 0
    assert main(["diagnose", str(path), "--activation", "tanh"]) == 2
    assert "--activation goes with a network, and inventory.npz shows none" in capsys.readouterr().err
