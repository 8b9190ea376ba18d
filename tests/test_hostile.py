"""Hostile inputs end in a verdict or in a sentence, with an exit code of 0, 1 or 2: some of a great many."""

import json

import numpy as np
import pytest

from tests.hostile import arguments, run
from wi_docs.__main__ import main


def test_no_input_ends_in_anything_but_a_verdict_or_a_sentence():
    assert list(run(0, 300)) == []


def test_a_seed_draws_the_same_input(tmp_path):
    for seed in range(20):
        first = arguments(seed, tmp_path)
        files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        assert arguments(seed, tmp_path) == first
        assert files == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


# What fell out of twelve thousand of them


@pytest.mark.parametrize("normalization", ["none", "before"])
def test_a_verdict_on_a_network_without_its_zeros_has_the_exit_code_of_a_verdict(capsys, normalization):
    words = ("--widths", "8,4", "--scheme", "zeros", "--theory-only", "--normalization", normalization)
    assert main(["diagnose", *words, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["ok"], record["undecided"], record["verdict"][:5]) == (True, False, "Good.")


def test_names_in_an_error_are_printed_with_their_escapes(capsys, tmp_path):
    np.savez(tmp_path / "w.npz", **{"\x1b]0;title\x07": np.ones((2, 3)), "b": np.ones((4, 2))})
    assert main(["diagnose", str(tmp_path / "w.npz"), "--layers", "a,b"]) == 2
    said = capsys.readouterr().err
    assert "unknown tensor 'a'; known: \\x1b]0;title\\x07, b" in said
    assert said.endswith("\n")
    assert "\x1b" not in said


def test_an_old_header_is_read_without_a_warning(capsys, tmp_path, recwarn):
    np.savez(tmp_path / "w.npz", **{"1.weight": np.ones((3, 3)) * np.arange(1, 4)})
    content = (tmp_path / "w.npz").read_bytes()
    assert content.count(b"(3, 3), }  ") == 1
    # Python 2 wrote long integers with an L.
    (tmp_path / "w.npz").write_bytes(_with_crc(content.replace(b"(3, 3), }  ", b"(3L, 3L), }")))
    code = main(["diagnose", str(tmp_path / "w.npz"), "--order", "in,out"])
    assert code in (0, 1), capsys.readouterr().err
    assert not [str(one.message) for one in recwarn]


def _with_crc(content):
    """A zip archive of one stored member whose bytes were changed, with their new checksum."""
    import io
    import zipfile

    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        (info,) = old.infolist()
        start = content.index(b"\x93NUMPY")
        data = content[start : start + info.file_size]
    with zipfile.ZipFile(file, "w") as new:
        new.writestr(info.filename, data)
    return file.getvalue()
