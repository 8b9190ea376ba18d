"""Hostile inputs for `diagnose`, drawn from a seed: flags, descriptions, files of weights, and models of PyTorch.

`python -m tests.hostile FIRST LAST` runs those of these seeds, and prints what is wrong. Models need PyTorch.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import random
import re
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path

import numpy as np

from wi_docs.__main__ import main
from wi_docs.command_line import FLAGS
from wi_docs.diagnosis.problems import KINDS

NUMBERS = [
    "0",
    "-0.0",
    "1",
    "-1",
    "0.5",
    "1e308",
    "5e-324",
    "1e-310",
    "1e400",
    "inf",
    "-inf",
    "nan",
    "1_0",
    "٣",
    "0x10",
    "1e",
    "+1",
    "",
    " 1",
    "1 ",
    "1e-3",
    "4",
    "16",
    "1" + "0" * 400,
    "1.5",
    "true",
    "2.5e2",
    "0.999999999999",
]
WIDTHS = [
    "8,4",
    "8,8,4",
    "8,8x3,4",
    "8,8x5,4",
    "4,4x9,2",
    "1,1",
    "1,1x4,1",
    "8",
    "",
    ",",
    "8,,4",
    "8,0,4",
    "8,-1,4",
    "8x0",
    "2x9999",
    "100000x3,10",
    "1000000000,1000000000,3",
    "1000000001,2",
    "9" * 400 + ",2",
    "8,4x2x2,2",
    "8;4",
    "8,4\n",
    "8,\x00,4",
    "٣,٤",
    "8,1e3,4",
    "8, 8, 4",
]
NAMES = [
    "relu",
    "tanh",
    "sigmoid",
    "linear",
    "gelu",
    "selu",
    "swish",
    "RELU",
    "",
    "\x1b[31mred",
    "he_normal",
    "lecun_normal",
    "orthogonal",
    "zeros",
    "constant",
    "identity",
    "sparse",
    "fixup",
    "pytorch_linear",
    "xavier_normal",
    "none",
    "before",
    "after",
    "fp16",
    "bf16",
    "fp32",
    "fp64",
    "fp8",
    "None",
    "☃",
    "a" * 5000,
    "__class__",
    "../x",
]
TOML = [
    *NUMBERS,
    *map(json.dumps, NAMES),
    "true",
    "false",
    "[]",
    "[1]",
    "[8, 4]",
    "[8, 8, 8, 4]",
    "[8, 8, 8, 8, 2]",
    "[1, 1, 1]",
    "[8, 0]",
    "[8, true]",
    "[8, 4.0]",
    '["8", 4]',
    "[[8, 4]]",
    "{a = 1}",
    "1979-05-27",
    "07:32:00",
    "[nan, inf]",
    "[1e308, 1e308, 1e308]",
    "[0.0, 0.0, 0.0]",
    "[1.0, 0.0, 1.0]",
    "'''x'''",
    "[1000000000, 1000000000]",
    "[" * 200 + "]" * 200,
    "9" * 5000,
    "{" * 3,
    "= =",
]


def flags(rng):
    """Flags of a network, most with values that some network has."""
    found = []
    for name, options in FLAGS.items():
        if name in ("widths", "scheme") or rng.random() < 0.3:
            found.append(f"--{name.replace('_', '-')}")
            if options.get("action") != "store_true":
                pool = WIDTHS if name == "widths" else NUMBERS if rng.random() < 0.6 else NAMES
                sound = {
                    "seed": ["3"],
                    "input_correlation": ["0.5"],
                    "branch": ["0.5"],
                    "widths": WIDTHS[:7],
                    "scheme": NAMES[10:20],
                    "activation": NAMES[:6],
                    "normalization": NAMES[20:23],
                    "dtype": NAMES[23:27],
                }.get(name, ["1", "0.5", "2"])
                found.append(rng.choice(sound if rng.random() < 0.8 else pool))
    return found


def toml(rng):
    """A description of some fields, sound or not, at times cut or with other bytes in it."""
    lines = []
    for name in FLAGS:
        if rng.random() < {"widths": 1.0, "scheme": 0.9, "sigma_w": 0.05, "branch": 0.05, "residual": 0.1}.get(
            name, 0.3
        ):
            key = name if rng.random() < 0.97 else rng.choice(["width", "'widths'", "a.b", "", "[x]", "widths"])
            sound = {
                "widths": ["[8, 4]", "[8, 8, 8, 4]", "[8, 8, 8, 8, 2]"],
                "activation": ['"relu"', '"tanh"'],
                "scheme": ['"he_normal"', '"zeros"'],
                "seed": ["3"],
                "normalization": ['"before"', '"none"'],
                "dtype": ['"fp16"'],
                "input_correlation": ["0.5"],
                "residual": ["true", "false"],
            }.get(name, ["1.0", "0.5"])
            lines.append(f"{key} = {rng.choice(sound if rng.random() < 0.7 else TOML)}")
    content = "\n".join(lines).encode("utf-8", "surrogatepass")
    return _spoiled(rng, content) if rng.random() < 0.3 else content


def _spoiled(rng, content):
    """The bytes with a few of them changed, cut off, doubled or put before."""
    data = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 5])):
        place = rng.randrange(len(data) + 1)
        what = rng.randrange(4)
        if what == 0 and data:
            data[place % len(data)] = rng.randrange(256)
        elif what == 1:
            del data[place:]
        elif what == 2:
            data[place:place] = rng.choice([b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\n", b"[", b'"', b"PK\x03\x04"])
        else:
            data += data[:place]
    return bytes(data)


def _array(rng, n=None, m=None):
    """An array of some type and shape, of numbers or others."""
    draw = np.random.default_rng(rng.randrange(2**32))
    shape = (
        (n, m)
        if n
        else rng.choice([(), (0,), (3,), (1, 3), (3, 1), (0, 3), (4, 4), (2, 3, 4), (3, 3, 2, 2), (1, 1), (5, 0, 2)])
    )
    kind = (
        rng.choice(["f8", "f4", "f4", "f2", "f8", "f4", ">f8", "i4", "u1", "?", "c8", "U3", "S4", "M8[s]"])
        if rng.random() < 0.4
        else "f4"
    )
    size = rng.choice([1.0, 1.0, 0.1, 1e-30, 1e30, 0.0, 1e-5])
    with np.errstate(all="ignore"):
        values = np.asarray(draw.normal(size=shape) * size)
        if rng.random() < 0.1 and values.size:
            values.flat[rng.randrange(values.size)] = rng.choice([np.nan, np.inf, -np.inf, 1e308])
        try:
            return values.astype(kind)
        except (TypeError, ValueError):
            return np.zeros(shape, kind)


def _tensors(rng):
    """Named arrays: a chain of layers, or some that are none."""
    if rng.random() < 0.6:
        widths = [rng.choice([1, 2, 4, 4, 5]) for _ in range(rng.randrange(2, 7))]
        found = {}
        for k in range(len(widths) - 1):
            a, b = widths[k], widths[k + 1]
            found[rng.choice([f"fc{k}.weight", f"{k}.weight", f"layers/{k}/kernel"])] = _array(
                rng, *((b, a) if rng.random() < 0.9 else (a, b))
            )
            if rng.random() < 0.5:
                found[f"fc{k}.bias"] = np.zeros(rng.choice([b, b, b + 1]), "f4")
        return found
    names = [
        "a.weight",
        "b.weight",
        "weight_g",
        "weight_v",
        "x.weight_orig",
        "x.weight_mask",
        "\x1b]0;title\x07",
        "a/../b",
        "",
        "arr_0",
        "arr_1",
        "arr_2",
        "☃",
        "n" * 300,
        "kernel:0",
        "running_mean",
    ]
    return {name: _array(rng) for name in rng.sample(names, rng.randrange(0, 6))}


def npz(rng):
    """A zip archive of arrays, at times damaged, or with other things in it."""
    file = io.BytesIO()
    mode = rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", mode) as archive:
        warnings.simplefilter("ignore")  # names that stand twice
        for name, values in _tensors(rng).items():
            one = io.BytesIO()
            np.lib.format.write_array(one, values, allow_pickle=False)
            data = one.getvalue()
            archive.writestr(f"{name}.npy", _spoiled(rng, data) if rng.random() < 0.1 else data)
        if rng.random() < 0.1:
            archive.writestr(rng.choice(["README", "x.pkl", "folder/", "a.npy", "a.weight.npy"]), b"\x80\x04.")
    return _spoiled(rng, file.getvalue()) if rng.random() < 0.4 else file.getvalue()


def safetensors(rng):
    """A safetensors file, at times with a header that says something else."""
    header, data = {}, b""
    kinds = {"f4": "F32", "f8": "F64", "f2": "F16", "i4": "I32", "u1": "U8", "b1": "BOOL"}
    for name, values in _tensors(rng).items():
        raw = values.tobytes()
        kind = kinds.get(values.dtype.str[1:], "F32")
        header[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    if header and rng.random() < 0.4:
        entry = header[rng.choice(list(header))]
        entry[rng.choice(["dtype", "shape", "data_offsets", "more"])] = rng.choice(
            [
                "F8_E4M3",
                "F32",
                None,
                -1,
                [-1, 2],
                [2**63, 2**63],
                [0, 10**30],
                [],
                "x",
                [[1]],
                {"a": 1},
                [1.5, 2],
                True,
                [0, 0],
            ]
        )
    words = json.dumps(header).encode()
    if rng.random() < 0.1:
        words = _spoiled(rng, words)
    content = len(words).to_bytes(8, "little") + words + data
    return _spoiled(rng, content) if rng.random() < 0.3 else content


def output(rng):
    """Words on what to show."""
    found = ["--theory-only"] if rng.random() < 0.6 else []
    for words in (
        ["--json"],
        ["--all"],
        ["--quiet"],
        ["--fail-on", rng.choice([*KINDS, "x", ",", ""])],
        ["--layers", rng.choice(["fc0.weight", "a,b", ",", "☃"])],
        ["--order", rng.choice(["in,out", "out,in"])],
    ):
        if rng.random() < 0.15:
            found += words
    return found


def arguments(seed, folder):
    """The arguments of a command, and the files that they name in `folder`."""
    rng = random.Random(seed)
    way = seed % 5
    if way == 0:
        return [*flags(rng), *output(rng)]
    if way == 4 and importlib.util.find_spec("torch"):
        from tests.torch import hostile

        return hostile.arguments(rng)
    kind, write = [("toml", toml), ("npz", npz), ("safetensors", safetensors), ("toml", toml)][way - 1]
    name = f"file.{kind}" if rng.random() < 0.97 else rng.choice(["file", "file.pt", "file.NPZ", "none.toml"])
    path = folder / name
    if name != "none.toml":
        path.write_bytes(write(rng))
    found = [str(path), *output(rng)]
    return found + (flags(rng)[:4] if rng.random() < 0.1 else [])


def wrong(seed, folder):
    """What is wrong with the answer to a seed's input, in words; empty if nothing is."""
    words = arguments(seed, folder)
    out, err = io.StringIO(), io.StringIO()
    with (
        warnings.catch_warnings(record=True) as warned,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        warnings.simplefilter("always")
        try:
            code = main(["diagnose", *words])
        except SystemExit as stopped:  # argparse's own refusals
            code = stopped.code
        except BaseException as error:
            return f"{type(error).__name__}: {error} {words}"
    said = err.getvalue()
    if code not in (0, 1, 2):
        return f"exit code {code!r} {words}"
    if "Traceback" in said or "fault of wi_docs" in said:
        return f"{said[-400:]} {words}"
    if (
        code == 2
        and "--quiet" not in words
        and not said
        and "Undecided." not in out.getvalue()
        and "--json" not in words
    ):
        return f"no word of why {words}"
    if code != 2 and said and not words[0].startswith("--torch"):
        return f"words beside a verdict: {said[:200]} {words}"
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", out.getvalue() + said):
        return f"characters that a terminal obeys {words}"
    # Of a reader's own code others may come, such as those on what a library will drop.
    ours = [
        str(one.message) for one in warned if issubclass(one.category, RuntimeWarning) or "numpy" in str(one.message)
    ]
    if ours:
        return f"warning {ours[0]} {words}"
    if code != 2 and "--json" in words and "--quiet" not in words:
        json.loads(out.getvalue(), parse_constant=lambda name: 1 / 0)
    return ""


def run(first, last):
    """Run the inputs of some seeds, and yield what is wrong, with the seed."""
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, last):
            found = wrong(seed, Path(folder))
            if found:
                yield seed, found


if __name__ == "__main__":
    for seed, found in run(int(sys.argv[1]), int(sys.argv[2])):
        print(seed, found[:600], flush=True)
    print("done", flush=True)
