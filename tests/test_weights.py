"""Weights out of files: what is read, and what is refused with a sentence."""

import contextlib
import io
import itertools
import json
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wi_docs.__main__ import main
from wi_docs.diagnosis import weights

RNG = np.random.default_rng(0)
SHAPES = (64, 32, 16, 10)


def tensors(widths=SHAPES, order="out,in", bias=True, dtype=np.float32):
    """Return the tensors of a network, named as in a PyTorch model nn.Sequential(Linear, ReLU, Linear, …)."""
    found = {}
    for k, (n, m) in enumerate(itertools.pairwise(widths)):
        W = RNG.normal(0, (2 / n) ** 0.5, (n, m)).astype(dtype)
        found[f"layers.{2 * k}.weight"] = W.T if order == "out,in" else W
        if bias:
            found[f"layers.{2 * k}.bias"] = np.zeros(m, dtype)
    return found


def packed(values, kinds=None, change=None):
    """Return the bytes of a safetensors file with these tensors. `change` may spoil the header before it is written."""
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, value in values.items():
        kind = (kinds or {}).get(name) or {"f8": "F64", "f4": "F32", "f2": "F16", "i8": "I64", "u2": "BF16"}[
            value.dtype.str[1:]
        ]
        raw = np.ascontiguousarray(value).tobytes()
        header[name] = {"dtype": kind, "shape": list(value.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    if change is not None:
        change(header)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


@pytest.mark.parametrize("order", weights.ORDERS)
@pytest.mark.parametrize("bias", [True, False])
def test_shapes_say_how_layers_chain(order, bias):
    given = tensors(order=order, bias=bias)
    layers = weights.layers(given)
    assert [layer.W.shape for layer in layers] == [(64, 32), (32, 16), (16, 10)]
    first = given["layers.0.weight"]
    assert np.array_equal(layers[0].W, first.T if order == "out,in" else first)
    assert [len(layer.b) for layer in layers] == [32, 16, 10]


def test_layers_follow_their_numbers_not_the_alphabet():
    given = {f"fc{k}.weight": RNG.random((8, 8)) for k in range(12)} | {"fc12.weight": RNG.random((3, 8))}
    found = weights.layers(dict(sorted(given.items())))
    assert [layer.name for layer in found] == [f"fc{k}.weight" for k in range(13)]


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.integers(1, 6), min_size=3, max_size=6), st.sampled_from(weights.ORDERS), st.randoms())
def test_what_is_read_is_what_was_written_or_is_asked_for(widths, order, random):
    """Whatever the widths and the file's order: the right layers, or a question that the option answers."""
    values = tensors(widths, order)
    names = list(values)
    random.shuffle(names)
    shuffled = {name: values[name] for name in names}
    # Square matrices chain both ways, and one matrix alone says nothing about its axes.
    square = len(set(widths)) == 1
    if square:
        with pytest.raises(ValueError, match="--order"):
            weights.layers(shuffled)
    found = weights.layers(shuffled, order=order if square or len(widths) == 2 else None)
    assert [layer.W.shape for layer in found] == list(itertools.pairwise(widths))
    for k, layer in enumerate(found):
        W = values[f"layers.{2 * k}.weight"]
        assert np.array_equal(layer.W, W if order == "in,out" else W.T)


@pytest.mark.parametrize(("dtype", "digits"), [(np.float64, 0), (np.float32, 1e-7), (np.float16, 1e-3)])
def test_safetensors(dtype, digits):
    given = {name: value.astype(dtype) for name, value in tensors().items()}
    found = weights.safetensors(packed(given))
    assert list(found) == list(given)
    for name, value in given.items():
        assert np.array_equal(found[name], value)
    assert weights.layers(found)[0].W.dtype == np.float64


def test_bfloat16_is_the_upper_half_of_float32():
    value = RNG.standard_normal((4, 3)).astype(np.float32)
    half = (value.view(np.uint32) >> 16).astype(np.uint16)
    found = weights.safetensors(packed({"w": half}))["w"]
    assert np.allclose(found, value, rtol=2**-7)
    assert np.array_equal(found.view(np.uint32) & 0xFFFF, np.zeros((4, 3)))


def nan(value, count):
    value = value.copy()
    value.flat[:count] = np.nan
    return value


GOOD = tensors()
SQUARE = {"a.weight": np.ones((4, 4)), "b.weight": np.ones((4, 4))}
REFUSED = [
    ({"a.weight": np.ones((3, 4)), "b.weight": np.ones((5, 6))}, {},
     r"'a.weight' \(3, 4\) and 'b.weight' \(5, 6\) do not chain.*--layers"),
    (SQUARE, {}, r"chain as \(in, out\) and as \(out, in\): 'a.weight' \(4, 4\), 'b.weight' \(4, 4\).*--order out,in"),
    ({"w.weight": np.ones((3, 4))}, {}, "--order"),
    ({"a": np.ones((3, 3)), "b": np.ones((3, 2)), "conv.weight": np.ones((8, 3, 3, 3))}, {},
     r"'conv.weight' has shape \(8, 3, 3, 3\).*--torch"),
    (GOOD | {"norm.weight": np.ones(32)}, {}, r"'norm.weight' of shape \(32,\) is no bias.*--layers.*--normalization"),
    (GOOD | {"layers.0.weight": GOOD["layers.0.weight"].astype(complex)}, {},
     "'layers.0.weight' must be real numbers.*complex128"),
    (GOOD | {"layers.2.weight": np.ones((16, 32), int)}, {}, "'layers.2.weight' must be real numbers.*int64"),
    (GOOD | {"layers.2.weight": nan(GOOD["layers.2.weight"], 7)}, {}, "'layers.2.weight' has 7 NaN of 512 values"),
    (GOOD | {"layers.2.bias": nan(GOOD["layers.2.bias"], 2)}, {}, "'bias of layers.2.weight' has 2 NaN of 16"),
    (GOOD | {"layers.2.weight": np.full((16, 32), np.inf)}, {}, "512 infinite"),
    ({"a": np.ones(3)}, {}, "is no bias"),
    ({}, {}, "no tensor has two axes"),
    (GOOD, {"names": ["layers.0.weigt"]}, r"unknown tensor 'layers.0.weigt' \(did you mean 'layers.0.weight'"),
    (GOOD, {"names": ["layers.0.bias"]}, r"'layers.0.bias' has shape \(32,\): a fully connected layer has two axes"),
    (GOOD, {"order": "out"}, "unknown order 'out'"),
    (GOOD, {"order": "in,out"}, "do not chain|chain neither"),
    ({"b": np.ones((4, 4)), "a": np.ones((4, 4)), "c": np.ones((4, 2))}, {}, "more than one order.*--layers"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "options", "says"), REFUSED)
def test_refusal(given, options, says):
    with pytest.raises(ValueError, match=says):
        weights.layers(given, **options)


def test_options_resolve_what_is_asked():
    assert len(weights.layers(SQUARE, order="in,out")) == 2
    mixed = {"b": np.ones((4, 4)), "a": np.ones((4, 4)), "c": np.ones((4, 2)), "scale": np.ones(4)}
    assert [layer.name for layer in weights.layers(mixed, names=["b", "c"])] == ["b", "c"]


def overlap(header):
    header["layers.2.weight"]["data_offsets"] = [4, 4 + 4 * 512]


# Files that are cut off, too long, of another format, or whose header promises what is not there.
BROKEN = [
    (b"", "has 0 bytes"),
    (b"\x01" * 8, "its header should have"),
    ((10**12).to_bytes(8, "little") + b"{}", "its header should have"),
    ((2).to_bytes(8, "little") + b"[]", "is not a JSON object"),
    ((3).to_bytes(8, "little") + b"{x}", "is not JSON"),
    ((100).to_bytes(8, "little") + b"\xff" * 100, "is not JSON"),
    ((20_000).to_bytes(8, "little") + b"[" * 20_000, "is not JSON"),
    (packed(GOOD)[:-1], "needs 40 bytes|needs"),
    (packed(GOOD) + b"\0", "bytes are left over"),
    (packed(GOOD, change=overlap), "overlap"),
    (packed(GOOD, change=lambda h: h["layers.0.weight"].update(shape=[32, -64])), "needs a dtype"),
    (packed(GOOD, change=lambda h: h["layers.0.weight"].update(shape=[32, 65])), "needs 8,320 bytes"),
    (packed(GOOD, change=lambda h: h["layers.0.weight"].update(shape="64")), "needs a dtype"),
    (packed(GOOD, change=lambda h: h["layers.0.weight"].update(dtype="F8_E4M3")),
     "is of type 'F8_E4M3'; known are F64"),
    (packed(GOOD, change=lambda h: h.update({"layers.0.weight": 3})), "needs a dtype"),
    (packed(GOOD, change=lambda h: h["layers.0.weight"].update(data_offsets=[0])), "needs a dtype"),
    (packed(GOOD, change=lambda h: h["layers.0.weight"].update(data_offsets=[0, 10**15])), "needs 8,192 bytes"),
    (packed({"a": np.ones((0, 4), np.float32)}, change=lambda h: h["a"].update(shape=[0, 10**30])), "needs a dtype"),
    ((5000).to_bytes(8, "little") + b"1" * 5000, "is not JSON"),
    ((28).to_bytes(8, "little") + b'{"a": 1, "a": 2, "b": 3     }'[:28], "is not JSON|twice"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "says"), BROKEN)
def test_a_safetensors_file_that_is_not_sound(content, says):
    with pytest.raises(ValueError, match=says):
        weights.safetensors(content)


@settings(deadline=None)  # the machine may be busy
@given(st.integers(0, len(packed(GOOD)) - 1), st.integers(0, 255))
def test_no_byte_breaks_the_reader(place, byte):
    content = bytearray(packed(GOOD))
    content[place] = byte
    with contextlib.suppress(ValueError):
        weights.safetensors(bytes(content))


# Files, from the command line


def archived(save):
    buffer = io.BytesIO()
    save(buffer, a=np.arange(12.0).reshape(3, 4), b=np.ones((4, 2)))
    return buffer.getvalue()


ARCHIVES = [archived(np.savez), archived(np.savez_compressed)]


def run(capsys, *arguments):
    code = main(["diagnose", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_file_is_diagnosed_by_its_own_weights(capsys, tmp_path):
    np.savez(tmp_path / "good.npz", **GOOD)
    (tmp_path / "good.safetensors").write_bytes(packed(GOOD))
    said = [run(capsys, tmp_path / name, "--json") for name in ("good.npz", "good.safetensors")]
    assert [code for code, *_ in said] == [0, 0]
    assert said[0][1] == said[1][1]
    record = json.loads(said[0][1])
    assert record["spec"]["widths"] == list(SHAPES)
    W = GOOD["layers.0.weight"].astype(float)
    assert record["spec"]["sigma_w"][0] == pytest.approx((64 * (W**2).mean()) ** 0.5)
    small = {name: 0.2 * value for name, value in tensors((64, *[64] * 8, 10)).items()}
    np.savez(tmp_path / "small.npz", **small)
    code, out, _ = run(capsys, tmp_path / "small.npz")
    assert code == 1
    assert "Bad: vanishing" in out


def npy(value):
    buffer = io.BytesIO()
    np.save(buffer, value)
    return buffer.getvalue()


def huge(shape):
    """Return a .npy file without data, whose header promises an array of this shape."""
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + (len(head) + 1).to_bytes(2, "little") + head + b"\n"


FOREIGN = [
    ({"W.npy": npy(np.ones((3, 4))), "README.md": b"hello"}, "holds 'README.md', which is no array"),
    ({"W.npy": npy(np.ones((3, 4))), "config.json": b"{}"}, "holds 'config.json', which is no array"),
    ({"W.npy": npy(np.ones((3, 4))), "folder/": b""}, "holds 'folder/', which is no array"),
    ({"model/data.pkl": b"", "model/data/0": b"12"}, "holds 'model/data.pkl', a pickle, which is not loaded. In PyTor"),
    ({"\x1b[31mW.txt": b""}, "holds '\\x1b[31mW.txt', which is no array"),
    ({"W.npy": npy(np.ones((3, 4))) + b"more"}, "'W.npy' goes on after its array"),
    ({"W.npy": b"hello"}, "magic string"),
    ({"W.npy": huge((10**23,))}, "is not a .npz file of arrays"),
    ({"W.npy": huge("(")}, "is not a .npz file of arrays: ('EOF in multi-line statement'"),
    ({"W.npy": huge((10**13, 9))}, "Unable to allocate"),
]  # fmt: skip


@pytest.mark.parametrize(("members", "says"), FOREIGN, ids=lambda case: str(case)[:20])
def test_an_archive_with_something_else_in_it(capsys, tmp_path, members, says):
    with zipfile.ZipFile(tmp_path / "net.npz", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    code, out, err = run(capsys, tmp_path / "net.npz")
    assert (code, out) == (2, "")
    assert says in err
    assert "\x1b" not in err


@pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_that_numpy_did_not_compress(tmp_path, way):
    with zipfile.ZipFile(tmp_path / "net.npz", "w", way) as archive:
        archive.writestr("W.npy", npy(np.ones((3, 4))))
    with pytest.raises(ValueError, match="is compressed in a way that numpy"):
        weights.read(tmp_path / "net.npz")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_that_names_an_array_twice(tmp_path):
    with zipfile.ZipFile(tmp_path / "net.npz", "w") as archive:
        for value in (0.0, 1.0):
            archive.writestr("W.npy", npy(np.full((3, 4), value)))
    with pytest.raises(ValueError, match=r"holds 'W\.npy' twice"):
        weights.read(tmp_path / "net.npz")


def test_an_archive_that_unpacks_to_too_much(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "net.npz", W=np.zeros((1000, 1000)))
    monkeypatch.setattr(weights, "UNPACKED", 7_000_000)
    with pytest.raises(ValueError, match="arrays take 8,000,128 bytes, and at most 7,000,000 are read"):
        weights.read(tmp_path / "net.npz")


@settings(deadline=None, max_examples=400)  # the machine may be busy
@given(st.data())
def test_no_byte_breaks_the_reader_of_archives(tmp_path_factory, data):
    """What zlib, zipfile and numpy say of a spoiled byte becomes a ValueError, or the byte did not matter."""
    content = bytearray(data.draw(st.sampled_from(ARCHIVES)))
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "spoiled.npz"
    path.write_bytes(content)
    with contextlib.suppress(ValueError):
        weights.read(path)


def test_names_from_a_file_are_printed_with_their_escapes(capsys, tmp_path):
    for name, values in (
        ("square.npz", {"\x1b]0;x\x07a": np.ones((4, 4)), "b": np.ones((4, 4))}),
        ("chain.npz", {"\x1b[31ma": np.ones((4, 5)), "b": np.ones((6, 7))}),
        ("vector.npz", {"\x1b[31ma": np.float64(1.0)}),
    ):
        np.savez(tmp_path / name, **values)
        code, out, err = run(capsys, tmp_path / name)
        assert code == (2 if name == "square.npz" else 0)
        assert "\\x1b" in out + err
        assert "\x1b" not in out + err


def test_weights_at_the_end_of_float64_are_bad_and_no_error(capsys, tmp_path):
    np.savez(tmp_path / "net.npz", W1=np.full((8, 8), 1e308), W2=np.full((8, 2), -1e308))
    code, out, err = run(capsys, tmp_path / "net.npz")
    assert (code, err) == (1, "")
    assert "Bad: exploding signal." in out


def test_a_head_of_zeros_in_a_file_is_a_note(capsys, tmp_path):
    head = {"layers.4.weight": np.zeros((10, 16)), "layers.4.bias": np.zeros(10)}
    np.savez(tmp_path / "head.npz", **GOOD | head)
    code, out, _ = run(capsys, tmp_path / "head.npz")
    assert code == 0
    assert "Layer 3 starts with weights of 0." in out
    np.savez(tmp_path / "two.npz", **GOOD | head | {"layers.2.weight": np.zeros((16, 32))})
    code, out, _ = run(capsys, tmp_path / "two.npz")
    assert code == 1
    assert "equal units" in out


def test_files_that_cannot_be_used(capsys, tmp_path):
    np.savez(tmp_path / "objects.npz", a=np.array([{}], dtype=object))
    np.savez(
        tmp_path / "nan.npz", **{name: nan(value, 3) if "2.weight" in name else value for name, value in GOOD.items()}
    )
    (tmp_path / "text.npz").write_text("hello")
    (tmp_path / "pickle.npz").write_bytes(pickle.dumps(GOOD))
    (tmp_path / "cut.npz").write_bytes((tmp_path / "nan.npz").read_bytes()[:-200])
    (tmp_path / "model.pt").write_bytes(b"")
    (tmp_path / "short.safetensors").write_bytes(b"123")
    with (tmp_path / "one.npz").open("wb") as file:
        np.save(file, np.ones((3, 3)))
    np.savez(tmp_path / "good.npz", **GOOD)
    for name, options, says in (
        ("objects.npz", (), "holds Python objects (a pickle), which are not loaded"),
        ("pickle.npz", (), "holds Python objects (a pickle), which are not loaded"),
        ("text.npz", (), "text.npz is not a .npz file of arrays: File is not a zip file"),
        ("cut.npz", (), "cut.npz is not a .npz file of arrays"),
        ("one.npz", (), "one array, not an archive"),
        (
            "nan.npz",
            ("--layers", "layers.0.weight,layers.2.weight,layers.4.weight"),
            "'layers.2.weight' has 3 NaN of 512 values",
        ),
        (
            "model.pt",
            (),
            "is a pickle, which runs code when it is read. In PyTorch: from safetensors.torch import save_file",
        ),
        ("short.safetensors", (), "has 3 bytes"),
        ("missing.npz", (), "missing.npz"),
        ("good.npz", ("--scheme", "he_normal"), "--scheme does not go with a file of weights"),
        ("good.npz", ("--layers", "layers.0.weight,layers.4.weight"), "do not chain"),
        ("good.npz", ("--residual",), "one width an odd number of times"),
    ):
        code, out, err = run(capsys, tmp_path / name, *options)
        assert (code, out) == (2, ""), name
        assert says in err, (name, err)
        assert "Traceback" not in err


@pytest.mark.parametrize(
    ("weight", "bias"),
    [("1.weight", "1.bias"), ("d/kernel", "d/bias"), ("weights", "biases"), ("W1", "b1"), ("w", "b"),
     ("coefs_0", "intercepts_0")],
)  # fmt: skip
def test_a_bias_is_known_by_its_name(weight, bias):
    (layer,) = weights.layers({weight: np.ones((3, 2)), bias: np.array([4.0, 5.0])}, order="in,out")
    assert layer.b.tolist() == [4.0, 5.0]


def test_the_pair_that_does_not_chain_is_named():
    words = r"'layers.0.weight' \(32, 64\) and 'layers.2.weight' \(16, 32\) do not chain"
    with pytest.raises(ValueError, match=words):
        weights.layers(GOOD, order="in,out")
    odd = {"a.weight": np.ones((3, 4)), "b.weight": np.ones((5, 3)), "c.weight": np.ones((7, 8))}
    with pytest.raises(ValueError, match=r"'b.weight' \(5, 3\) and 'c.weight' \(7, 8\) do not chain"):
        weights.layers(odd)


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [("F64", np.float64), ("F32", np.float32), ("F16", np.float16), ("I64", np.int64), ("I32", np.int32),
     ("I16", np.int16), ("I8", np.int8), ("U8", np.uint8), ("BOOL", np.bool_)],
)  # fmt: skip
def test_each_type_of_the_format_is_numpys(kind, dtype):
    value = np.array([[0, 1, 1], [1, 0, 1]], dtype)
    found = weights.safetensors(packed({"x": value}, kinds={"x": kind}))["x"]
    assert found.dtype == dtype
    assert np.array_equal(found, value)


# What is no chain of dense layers, and what people save in their own ways


def chain(rng, *widths):
    return [rng.normal(0, (2 / a) ** 0.5, (a, b)) for a, b in itertools.pairwise(widths)]


def test_biases_in_every_form_are_read(capsys, tmp_path):
    rng = np.random.default_rng(0)
    W = chain(rng, 20, 64, 64, 10)
    b = [np.full(w.shape[1], -3.0) for w in W]
    np.savez(tmp_path / "keras.npz", *[x for pair in zip(W, b, strict=True) for x in pair])  # *model.get_weights()
    np.savez(
        tmp_path / "rows.npz", **{f"W{k}": w for k, w in enumerate(W)}, **{f"b{k}": v[None] for k, v in enumerate(b)}
    )
    np.savez(
        tmp_path / "columns.npz",
        **{f"W{k}": w for k, w in enumerate(W)},
        **{f"b{k}": v[:, None] for k, v in enumerate(b)},
    )
    np.savez(tmp_path / "inside.npz", **{f"Theta{k}": np.c_[v, w.T] for k, (w, v) in enumerate(zip(W, b, strict=True))})
    for name in ("keras", "rows", "columns", "inside"):
        found = weights.layers(weights.read(tmp_path / f"{name}.npz"))
        for layer, w, v in zip(found, W, b, strict=True):
            np.testing.assert_array_equal(layer.W, w)
            np.testing.assert_array_equal(layer.b, v)
        code, out, _ = run(capsys, tmp_path / f"{name}.npz")
        assert code == 1
        assert "Bad: " in out
    code, out, _ = run(capsys, tmp_path / "keras.npz", "--layers", "arr_0,arr_2,arr_4")
    assert (code, "Bad: " in out) == (1, True)


def test_what_is_no_chain_is_looked_at_tensor_by_tensor(capsys, tmp_path):
    rng = np.random.default_rng(0)
    parts = {"conv.weight": rng.normal(0, (2 / 27) ** 0.5, (64, 3, 3, 3)), "norm.weight": np.ones(64)}
    np.savez(tmp_path / "net.npz", **parts)
    code, out, err = run(capsys, tmp_path / "net.npz")
    assert (code, err) == (0, "")
    assert "No fault in 2 tensors, each looked at by itself." in out
    line = next(line for line in out.splitlines() if line.startswith("conv.weight"))
    assert line.split()[1] == "64x3x3x3"
    assert "he_normal" in line
    parts["conv.weight"][5, 1, 2, 0] = np.inf
    np.savez(tmp_path / "net.npz", **parts)
    code, out, _ = run(capsys, tmp_path / "net.npz")
    assert code == 1
    assert "conv.weight has 1 infinite of 1,728 values, the first at [5, 1, 2, 0]." in out


def test_weights_that_are_computed_are_multiplied_out(tmp_path):
    rng = np.random.default_rng(0)
    v, g = rng.normal(size=(6, 4)), rng.uniform(1, 2, (6, 1))
    for names in (("0.weight_g", "0.weight_v"),
                  ("0.parametrizations.weight.original0", "0.parametrizations.weight.original1")):  # fmt: skip
        found = weights.merged(dict(zip(names, (g, v), strict=True)))
        assert list(found) == ["0.weight"]
        np.testing.assert_allclose(np.linalg.norm(found["0.weight"], axis=1), g[:, 0])
    mask = (rng.uniform(size=(6, 4)) > 0.5).astype(float)
    np.testing.assert_array_equal(weights.merged({"a.weight_orig": v, "a.weight_mask": mask})["a.weight"], v * mask)


def test_what_stands_in_place_of_weights_is_named(capsys, tmp_path):
    for content, says in (
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS pointer"),
        (b"<!DOCTYPE html><html>404</html>", "is a web page"),
    ):
        for suffix in (".safetensors", ".npz"):
            path = tmp_path / f"net{suffix}"
            path.write_bytes(content)
            code, _, err = run(capsys, path)
            assert code == 2
            assert says in err


def test_widths_that_do_not_fit_into_memory_are_judged_by_theory(capsys):
    assert main(["diagnose", "--widths", "100000,100000,10", "--scheme", "he_normal"]) == 0
    assert "it would take 298.3 GiB" in capsys.readouterr().out
    for widths in ("9" * 400 + ",4", "4000000000,4,2"):
        assert main(["diagnose", "--widths", widths, "--scheme", "he_normal"]) == 2
        assert "widths must be at most 1,000,000,000" in capsys.readouterr().err


def test_a_loud_output_of_a_description_is_bad(capsys):
    assert main(["diagnose", "--widths", "64,256,10", "--sigma-w", "1.41,50", "--sigma-b", "0"]) == 1
    assert "Bad: initial loss too large." in capsys.readouterr().out
    assert main(["diagnose", "--widths", "64,256,10", "--sigma-w", "1.41,1", "--input-second-moment", "16000"]) == 1


def test_the_exit_code_can_ask_for_some_kinds_alone(capsys):
    loud = ["diagnose", "--widths", "64,256,10", "--sigma-w", "1.41,50", "--sigma-b", "0", "--quiet", "--fail-on"]
    assert main([*loud, "equal units"]) == 0
    assert main([*loud, "equal units,initial loss too large"]) == 1
    assert capsys.readouterr().out == ""
    assert main([*loud, "nothing"]) == 2


def test_one_row_that_does_not_fit_into_memory_is_judged_by_theory(capsys):
    """The weights of this network take 0.3 GiB, and what 32 inputs become in its row of twenty million 5 GiB."""
    assert main(["diagnose", "--widths", "1,20000000,1", "--scheme", "he_normal"]) == 0
    assert "There is no simulation" in capsys.readouterr().out


def test_one_length_of_all_weights_is_multiplied_out():
    """Weight normalization of PyTorch with `dim=None` has one length for the whole matrix."""
    v = RNG.normal(size=(6, 4))
    found = weights.merged({"0.weight_g": np.array(2.0), "0.weight_v": v})["0.weight"]
    np.testing.assert_allclose(found, 2 * v / np.linalg.norm(v))
    with pytest.raises(ValueError, match=r"0\.weight_g has the shape \(6,\), which fits no weight_v of \(6, 4\)"):
        weights.merged({"0.weight_g": np.ones(6), "0.weight_v": v})


@pytest.fixture
def checkpoint(tmp_path):
    """The folder of a checkpoint of two files with an index; a third file stands outside of it."""
    found = tensors()
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    first, second = (dict(part) for part in (list(found.items())[:2], list(found.items())[2:]))
    (folder / "a.safetensors").write_bytes(packed(first))
    (folder / "b.safetensors").write_bytes(packed(second))
    (tmp_path / "outside.safetensors").write_bytes(packed({"secret": np.ones((2, 2))}))
    (folder / "model.index.json").write_text(
        json.dumps({"weight_map": dict.fromkeys(first, "a.safetensors") | dict.fromkeys(second, "b.safetensors")})
    )
    return folder


def test_a_checkpoint_of_several_files_is_read(checkpoint, capsys):
    for path in (checkpoint, checkpoint / "model.index.json"):
        assert len(weights.read(path)) == 6
        assert run(capsys, path)[0] == 0


def test_an_index_leads_to_files_of_its_folder_only(checkpoint):
    index = checkpoint / "model.index.json"
    for way in ("../outside.safetensors", str(checkpoint.parent / "outside.safetensors")):
        index.write_text(json.dumps({"weight_map": {"secret": way}}))
        with pytest.raises(FileNotFoundError):
            weights.read(index)


def test_a_name_in_two_files_of_a_checkpoint_is_refused(checkpoint):
    (checkpoint / "c.safetensors").write_bytes((checkpoint / "a.safetensors").read_bytes())
    with pytest.raises(ValueError, match=r"c\.safetensors holds '.*', which another file holds too"):
        weights.read(checkpoint)


def test_what_is_no_checkpoint_says_so(checkpoint, tmp_path):
    index = checkpoint / "model.index.json"
    for text in ("[]", "{}", '{"weight_map": 3}', "no json", '{"a":' * 100_000):
        index.write_text(text)
        with pytest.raises(ValueError, match="no index of a checkpoint"):
            weights.read(index)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="holds no"):
        weights.read(tmp_path / "empty")
