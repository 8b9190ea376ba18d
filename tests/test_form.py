"""What the form on Diagnose asks and is answered, without a page."""

import itertools
import json

import numpy as np
import pytest

from wi_docs.diagnosis.networks import Spec
from wi_docs.form import FIELDS, LARGEST, answer, fields

DEEP = {"widths": "64,256x20,10", "scheme": "pytorch_linear"}


def asked(values, file=None):
    """The answer, as JSON has it."""
    return json.loads(json.dumps(answer(values, file), allow_nan=False))


def test_a_bad_start_has_its_verdict_its_cure_and_all_its_numbers():
    found = asked(DEEP)
    assert not found["ok"]
    assert found["verdict"].startswith("Bad: vanishing gradient. ")
    assert found["cure"]["fields"] == {"widths": "64,256x20,10", "scheme": "he_normal", "sigma_b": "0.0"}
    assert list(found["cure"]["code"]) == ["PyTorch", "Keras", "Flax"]
    assert [word for word, _ in found["meaning"]] == ["Plain descent", "Adam", "How sure"]
    # A ReLU layer with weights of variance 1/(3 n) divides the gradient's square by 6.
    gradient = found["chart"]["gradient"]["theory"]
    assert gradient[5] / gradient[6] == pytest.approx(6**-0.5, rel=1e-9)
    table = found["table"]
    assert len(table["rows"]) == len(gradient) == 21
    assert {len(row) for row in table["rows"]} == {len(table["columns"])}
    assert table["rows"][table["bad"][0]][0] in found["verdict"]
    again = asked(found["cure"]["fields"])
    assert again["ok"]
    assert again["cure"] is None


def test_a_table_says_that_it_is_not_whole():
    found = asked({"widths": "4,4x1200,2", "scheme": "orthogonal", "activation": "linear"})
    assert len(found["table"]["rows"]) == 1000
    assert "The table has the first 1,000 of 1,201 rows." in found["notes"]
    assert not any("The table has" in note for note in asked(DEEP)["notes"])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"widths": "64"}, "Widths must be at least an input and an output"),
        ({"widths": "64,ten"}, "Widths must be numbers with commas between them"),
        ({"widths": "64,8,8,10", "residual": True}, "Widths of a residual network must be"),
        ({"widths": "64,8,1,10", "normalization": "before"}, "Normalization over units needs at least two"),
        ({"widths": "64,8,10", "branch": 0.5}, "Branch is for residual networks"),
        ({"widths": "64,8,10", "gain": 0}, "Gain must be"),
        ({"widths": "64,8,10", "gain": "2"}, "Gain must be"),
        ({"widths": "64,8,10", "sigma_b": "x"}, "Sigma_b must be"),
        ({"widths": "64,8,10", "scheme": "__proto__"}, "Scheme"),
        ({"widths": "64,8,10", "activation": [1]}, "Activation"),
        ({"widths": 64}, ""),
        ({"widths": None}, "Say which network"),
    ],
)
def test_what_is_no_network_is_refused_in_a_sentence(values, words):
    refused = asked({"scheme": "he_normal", **values})
    assert set(refused) == {"refused"}
    assert refused["refused"].lower().startswith(words.lower()) or words.lower() in refused["refused"].lower()
    assert refused["refused"].endswith(".")
    assert "Traceback" not in refused["refused"]


def test_names_that_are_no_fields_are_not_heard():
    other = {"file": "/etc/passwd", "torch": "os:getcwd", "json": True, "__class__": 1}
    assert asked({**DEEP, **other}) == asked(DEEP)
    assert not set(other) & set(FIELDS)


def test_a_large_network_is_judged_by_theory_and_says_so():
    width = int(LARGEST**0.5) + 1
    found = asked({"widths": f"64,{width},{width},10", "scheme": "he_normal"})
    assert list(found["chart"]["signal"]) == ["theory"]
    assert any("the verdict is theory's" in note for note in found["notes"])
    assert found["ok"]


@pytest.mark.parametrize(
    "spec",
    [
        Spec((8, 8, 8, 8, 2), scheme="he_normal", residual=True, branch=0.5, normalization="after", dtype="bf16"),
        Spec((64, *[32] * 5, 10), "gelu", "orthogonal", gain=1.25, sigma_b=0.1, input_second_moment=3.0),
    ],
)
def test_the_fields_of_a_description_are_the_description(spec):
    said = fields(spec)
    assert "," in said.pop("widths")
    words = {"residual": bool, "activation": str, "scheme": str, "normalization": str, "dtype": str}
    assert Spec(spec.widths, **{name: words.get(name, float)(value) for name, value in said.items()}) == spec


def test_a_file_is_judged_by_its_own_weights(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "w.npz"
    sizes = [64, *[64] * 12, 10]
    # At a twentieth of He's variance signal and gradient shrink alike, so that either may be named first.
    for scale, kind in ((2.0, "Good. "), (0.1, "Bad: vanishing ")):
        layers = [rng.normal(0, (scale / n) ** 0.5, (n, m)) for n, m in itertools.pairwise(sizes)]
        np.savez(path, *layers)
        found = asked({"order": "in,out"}, path)
        assert found["verdict"].startswith(kind), found
    # Its own weights stay, and the form has no field for them.
    assert found["cure"]["change"].startswith("normalize over the units of a layer")
    assert found["cure"]["fields"] is None


def test_tensors_that_are_no_chain_are_listed_with_their_faults_first(tmp_path):
    path = tmp_path / "w.npz"
    np.savez(path, conv=np.ones((3, 3, 2, 2)), embedding=np.array([[0.0, 1.0], [np.nan, 2.0]]))
    found = asked({}, path)
    assert found["chart"] is None
    assert not found["ok"]
    assert found["verdict"].startswith("Bad: parameter without a value. embedding has 1 NaN of 4 values")
    assert [row[0] for row in found["table"]["rows"]] == ["embedding", "conv"]
    assert found["table"]["bad"] == [0]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("model.pt", b"\x80\x02", "is a pickle, which runs code when it is read"),
        ("w.npz", b"hello", "is not a .npz file of arrays"),
        ("w.safetensors", b"version https://git-lfs.github.com/spec/v1", "is a Git LFS pointer"),
        ("w.txt", b"", "weights must be a .npz or a .safetensors file"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    assert words in asked({}, path)["refused"]


def test_a_file_with_more_weights_than_a_page_simulates_is_refused_with_both_numbers(tmp_path):
    path, width = tmp_path / "big.npz", int(LARGEST**0.5) + 1
    np.savez(path, a=np.zeros((8, width), np.float32), b=np.zeros((width, width), np.float32))
    said = answer({"activation": "relu", "order": "in,out"}, path)["refused"]
    assert said.startswith(f"A page simulates up to {LARGEST:,} weights, and this file has {width**2 + 8 * width:,}")


def test_names_of_layers_may_have_blanks_and_must_be_names(tmp_path):
    path = tmp_path / "two.npz"
    rng = np.random.default_rng(0)
    np.savez(path, one=rng.standard_normal((8, 8)), two=rng.standard_normal((8, 8)))
    assert "verdict" in answer({"layers": "one, two", "order": "in,out"}, path)
    assert answer({"layers": ",", "order": "in,out"}, path)["refused"].startswith("--layers must be names of tensors")
