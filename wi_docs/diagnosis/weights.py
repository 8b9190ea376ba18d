"""Fully connected layers from a file of weights, `.npz` or `.safetensors`, with numpy alone. No pickle is loaded."""

from __future__ import annotations

import io
import itertools
import json
import math
import re
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wi_docs.nn import checks
from wi_docs.nn.checks import Array

# The two meanings that the axes of a weight matrix may have: (fan_in, fan_out) as here and in JAX, or PyTorch's.
ORDERS = ("in,out", "out,in")
HEADER = 100_000_000  # bytes: the safetensors format's own limit
UNPACKED = 2**32  # bytes: a compressed file of a few million may hold as many
# Types of safetensors and the numpy types of their bytes, little-endian. numpy has no bfloat16: its bits are read as
# unsigned integers and shifted to the upper half of a float32.
TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?",
}  # fmt: skip
PICKLES = (".pt", ".pth", ".ckpt", ".bin", ".pkl", ".pickle")
CONVERT = (
    "In PyTorch: from safetensors.torch import save_file; save_file(model.state_dict(), 'weights.safetensors'). "
    "Or: numpy.savez('weights.npz', **{name: value.numpy() for name, value in model.state_dict().items()})"
)
HOLDS_PICKLE = f"it holds Python objects (a pickle), which are not loaded. {CONVERT}"
PICKLED = b"\x80"  # first byte of a pickle since protocol 2
# What zipfile, zlib and numpy raise for bytes that are no archive of arrays: sizes that no machine has, or a header
# that is no literal, among them.
BROKEN = (
    ValueError, TypeError, OSError, EOFError, RuntimeError, OverflowError, MemoryError,
    SyntaxError, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
NPY_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


class AmbiguousError(ValueError):
    """An error for tensors that make a chain of layers in more than one way: an argument says which is meant."""


Tensors = dict[str, np.ndarray[Any, np.dtype[Any]]]


@dataclass(frozen=True)
class Layer:
    """A fully connected layer.

    Attributes:
        name: name of the weight tensor in the file.
        W: weights, `(fan_in, fan_out)`.
        b: biases, `(fan_out,)`; zeros if the file has none.
    """

    name: str
    W: Array
    b: Array


def read(path: Path) -> Tensors:
    """Return the tensors of a file by name, in the file's order.

    Raises:
        ValueError: for a file that is damaged, holds pickles, or has another suffix than .npz or .safetensors.
        OSError: for a file that cannot be read.
    """
    return merged(_read(path))


def merged(tensors: Tensors) -> Tensors:
    """Return tensors with the weights that PyTorch computes from two others in their place.

    These are weight normalization, a length g and a direction v for each unit, and pruning, weights and a mask.

    Examples:
        >>> pair = {"0.weight_g": np.array([[2.0]]), "0.weight_v": np.array([[3.0, 4.0]])}
        >>> merged(pair)["0.weight"].tolist()
        [[1.2, 1.6]]
    """
    found = dict(tensors)
    for name in tensors:
        for g, v, weight in (
            ("parametrizations.weight.original0", "parametrizations.weight.original1", "weight"),
            ("weight_g", "weight_v", "weight"),
        ):
            other = name.removesuffix(g) + v
            if name.endswith(g) and other in tensors and tensors[other].ndim > 1:
                direction, lengths = tensors[other].astype(np.float64), tensors[name].astype(np.float64)
                # Lengths of units have an axis of 1 for each axis of v that they are measured along; the one length of
                # all of v, by `dim=None`, has no axes.
                axes = tuple(k for k, size in enumerate(lengths.shape) if size == 1) if lengths.ndim else None
                if lengths.ndim not in (0, direction.ndim):
                    raise ValueError(f"{name} has the shape {lengths.shape}, which fits no {v} of {direction.shape}")
                with np.errstate(all="ignore"):
                    norm = np.sqrt((direction**2).sum(axis=axes, keepdims=True))
                    found[name.removesuffix(g) + weight] = lengths * direction / norm
                del found[name], found[other]
        if name.endswith("weight_orig") and (mask := name.removesuffix("orig") + "mask") in tensors:
            found[name.removesuffix("_orig")] = tensors[name] * tensors[mask]
            del found[name], found[mask]
    return found


def _read(path: Path) -> Tensors:
    """Return the tensors of a file as they stand in it."""
    suffix = path.suffix.lower()
    if path.is_dir() or path.name.endswith(".index.json"):
        return _shards(path)
    if suffix in PICKLES:
        raise ValueError(f"{path.name}: a {suffix} file is a pickle, which runs code when it is read. {CONVERT}")
    if suffix in (".npz", ".safetensors"):
        with path.open("rb") as file:
            _not_another(file.read(200), path.name)
    if suffix == ".npz":
        return _npz(path)
    if suffix == ".safetensors":
        return safetensors(path.read_bytes(), path.name)
    raise ValueError(f"{path.name}: weights must be a .npz or a .safetensors file, got {suffix or 'no suffix'}")


def _not_another(start: bytes, name: str) -> None:
    """Raise a ValueError if a file begins as one that people often have in place of their weights."""
    if start.startswith(b"version https://git-lfs"):
        raise ValueError(f"{name} is a Git LFS pointer, which stands for the weights: fetch them with git lfs pull")
    if start.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise ValueError(f"{name} is a web page: the address that it came from gave an answer in words")


def _shards(path: Path) -> Tensors:
    """Return the tensors of a checkpoint of several safetensors files: a folder, or its index.

    Raises:
        ValueError: if there is none, the index is damaged, or a name stands in two files.
    """
    folder = path if path.is_dir() else path.parent
    if path.is_dir():
        files = sorted(folder.glob("*.safetensors"))
    else:
        try:
            named = set(json.loads(path.read_text(encoding="utf-8"))["weight_map"].values())
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise ValueError(f"{path.name} is no index of a checkpoint: it has no weight_map") from None
        # Names only: an index may not lead out of its folder.
        files = sorted(folder / Path(str(name)).name for name in named)
    if not files:
        raise ValueError(f"{path.name} holds no .safetensors file")
    found: Tensors = {}
    for file in files:
        for name, tensor in read(file).items():
            if name in found:
                raise ValueError(f"{file.name} holds {name!r}, which another file holds too")
            found[name] = tensor
    return found


def _npz(path: Path) -> Tensors:
    """Return the arrays of a .npz file, a zip archive of .npy files, by name."""
    content = path.read_bytes()
    try:
        if content.startswith(np.lib.format.MAGIC_PREFIX):
            raise ValueError("it is one array, not an archive")
        if content.startswith(PICKLED):
            raise ValueError(HOLDS_PICKLE)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {info.filename.removesuffix(".npy"): _member(archive, info) for info in _members(archive)}
    except BROKEN as error:
        raise ValueError(f"{path.name} is not a .npz file of arrays: {str(error) or type(error).__name__}") from None


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the members of an archive.

    Raises:
        ValueError: if one of them is no array or compressed in another way than numpy's, a name stands twice, or the
            arrays take more than `UNPACKED` bytes.
    """
    infos = archive.infolist()
    seen: set[str] = set()
    for info in infos:
        if Path(info.filename).suffix in PICKLES:
            raise ValueError(f"it holds {info.filename!r}, a pickle, which is not loaded. {CONVERT}")
        if not info.filename.endswith(".npy"):
            raise ValueError(f"it holds {info.filename!r}, which is no array: save the arrays alone, with numpy.savez")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{info.filename!r} is compressed in a way that numpy.savez does not know")
        if info.filename in seen:
            raise ValueError(f"it holds {info.filename!r} twice")
        seen.add(info.filename)
    if (size := sum(info.file_size for info in infos)) > UNPACKED:
        raise ValueError(f"its arrays take {size:,} bytes, and at most {UNPACKED:,} are read")
    return infos


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray[Any, Any]:
    """Return an array of an archive. Its header is read first, and arrays of Python objects are refused."""
    with warnings.catch_warnings(), archive.open(info.filename) as file:
        warnings.simplefilter("ignore", UserWarning)  # numpy's, on headers that Python 2 wrote
        if header := NPY_HEADERS.get(np.lib.format.read_magic(file)):
            *_, dtype = header(file)
            if dtype.hasobject:
                raise ValueError(HOLDS_PICKLE)
    # The archive's stream cannot be rewound, so that the member is opened a second time.
    with warnings.catch_warnings(), archive.open(info.filename) as file:
        warnings.simplefilter("ignore", UserWarning)
        array: np.ndarray[Any, Any] = np.lib.format.read_array(file, allow_pickle=False)
        if file.read(1):
            raise ValueError(f"{info.filename!r} goes on after its array")
    return array


def safetensors(content: bytes, name: str = "the file") -> Tensors:
    """Return the tensors of a safetensors file by name, BF16 as float32.

    The format: eight bytes that hold the length of a header, the header in JSON, then the tensors, one after another.

    Raises:
        ValueError: if lengths, offsets or shapes do not fit together, or a tensor is of another type than the usual.

    Source:
        The safetensors format, <https://github.com/huggingface/safetensors>, "Format".

    Examples:
        >>> header = b'{"w": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}'
        >>> safetensors(len(header).to_bytes(8, "little") + header + bytes([0x80, 0x3F, 0, 0xC0]))["w"]
        array([ 1., -2.], dtype=float32)
    """
    header, data = _header(content, name)
    tensors, places = {}, []
    for key, entry in header.items():
        try:
            kind, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
            # `type(n) is int` and not `isinstance`, for JSON's true is a bool, which is an int to Python.
            sound = all(type(n) is int and 0 <= n < 2**63 for n in [*shape, begin, end])
        except (TypeError, KeyError, ValueError):
            sound = False
        if not sound:
            raise _unsound(name, f"tensor {key!r} needs a dtype, a shape and two data_offsets, got {entry!r:.200}")
        if kind not in TYPES:
            raise ValueError(f"{name}: tensor {key!r} is of type {kind!r}; known are {', '.join(TYPES)}")
        size = math.prod(shape) * np.dtype(TYPES[kind]).itemsize
        if end - begin != size or end > len(data):
            what = f"tensor {key!r} of shape {shape} and type {kind} needs {size:,} bytes"
            raise _unsound(name, f"{what}; it has {begin:,} to {end:,} of {len(data):,}")
        places.append((begin, end, key))
        flat = np.frombuffer(data[begin:end], dtype=TYPES[kind])
        if kind == "BF16":
            flat = (flat.astype(np.uint32) << 16).view(np.float32)
        tensors[key] = flat.reshape(shape)
    # Sorted by their beginning, neighbors must not overlap, and together they must fill the data.
    places.sort()
    for (_, end, before), (begin, _, after) in itertools.pairwise(places):
        if begin < end:
            raise _unsound(name, f"tensors {before!r} and {after!r} overlap")
    if sum(end - begin for begin, end, _ in places) != len(data):
        raise _unsound(name, "its tensors do not fill it: bytes are left over")
    return tensors


def _unsound(name: str, why: str) -> ValueError:
    """Return the error for a file that breaks the rules of the format."""
    return ValueError(f"{name} is not a sound safetensors file: {why}")


def _header(content: bytes, name: str) -> tuple[dict[str, Any], bytes]:
    """Return the header of a safetensors file, an entry for each tensor by name, and the bytes that follow it."""

    # json keeps the last of several equal names without a word; the format forbids them.
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise _unsound(name, "its header names something twice")
        return dict(pairs)

    if len(content) < 8:
        raise _unsound(name, f"it has {len(content)} bytes, and the header's length alone takes 8")
    length = int.from_bytes(content[:8], "little")
    if length > min(HEADER, len(content) - 8):
        raise _unsound(name, f"its header should have {length:,} bytes, and the file has {len(content):,}")
    try:
        header = json.loads(content[8 : 8 + length].decode("utf-8"), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:  # a number of too many digits too
        raise _unsound(name, f"its header is not JSON ({error})") from None
    if not isinstance(header, dict):
        raise _unsound(name, "its header is not a JSON object")
    header.pop("__metadata__", None)
    return header, content[8 + length :]


def layers(
    tensors: Mapping[str, np.ndarray[Any, Any]], *, names: Sequence[str] = (), order: str | None = None
) -> list[Layer]:
    """Return the fully connected layers in a set of named tensors, from input to output.

    Every tensor of two axes is taken for a layer's weights. A tensor of one axis is taken for its biases if its name
    has `bias` where the weights' name has `weight` or `kernel`. The layers are ordered by the numbers in their names,
    or else as in the file. The shapes decide whether weights are `(fan_in, fan_out)` or `(fan_out, fan_in)`, as in
    PyTorch: the outputs of a layer have to be the inputs of the next.

    Args:
        tensors: arrays by name.
        names: names of the weights to take, in order; all other tensors but their biases are ignored.
        order: the meaning of the weights' axes, `in,out` or `out,in`; None to infer it from the shapes.

    Raises:
        ValueError: for tensors that do not make one chain, or make more than one; for complex or integer weights, and
            NaN or infinite values. The message names tensors, and what resolves it.

    Examples:
        >>> W1, W2 = np.ones((5, 3)), np.ones((2, 5))
        >>> tensors = {"fc1.weight": W1, "fc1.bias": np.ones(5), "fc2.weight": W2}
        >>> [(layer.name, layer.W.shape) for layer in layers(tensors)]
        [('fc1.weight', (3, 5)), ('fc2.weight', (5, 2))]
    """
    if order is not None:
        checks.lookup("order", order, ORDERS)
    chosen = [checks.lookup("tensor", name, tensors) for name in names]
    if not chosen:
        chosen = _weights(tensors)
    for name in chosen:
        if tensors[name].ndim != 2:
            raise ValueError(f"tensor {name!r} has shape {tensors[name].shape}: a fully connected layer has two axes")
    candidates = [chosen]
    if not names:
        # If the names differ in their numbers only, such as fc1 and fc2, the numbers give the order. If they differ in
        # more, such as encoder.1 and head.0, both orders are tried, and only one of them may chain.
        by_number = sorted(chosen, key=_natural)
        if by_number != chosen:
            stems = {re.sub(r"\d+", "#", name) for name in chosen}
            candidates = [by_number] if len(stems) == 1 else [by_number, chosen]
    try:
        line, way = _only_chain(tensors, candidates, order)
    except AmbiguousError:
        raise
    except ValueError:
        if not names and order is None and (inside := _with_column(tensors, candidates[0])):
            return inside
        raise
    found = []
    for name in line:
        W, bias = _real(name, tensors[name]), _bias(tensors, name)
        W = W.T if way == "out,in" else W
        b = np.zeros(W.shape[1]) if bias is None else _real(f"bias of {name}", bias)
        found.append(Layer(name, np.ascontiguousarray(W), b))
    return found


def _with_column(tensors: Mapping[str, np.ndarray[Any, Any]], line: list[str]) -> list[Layer]:
    """Return the layers of matrices (outputs, 1 + inputs) whose first column holds the biases, or an empty list.

    Each has one input more than the one before has outputs. A single matrix does not say so.
    """
    shapes = [_shape(tensors, name, "out,in") for name in line]
    if len(line) < 2 or any(after[0] != before[1] + 1 for before, after in itertools.pairwise(shapes)):
        return []
    found = []
    for name in line:
        W = _real(name, tensors[name])
        found.append(Layer(name, np.ascontiguousarray(W[:, 1:].T), np.ascontiguousarray(W[:, 0])))
    return found


def _only_chain(
    tensors: Mapping[str, np.ndarray[Any, Any]], candidates: list[list[str]], order: str | None
) -> tuple[list[str], str]:
    """Return the names of the weights from input to output, and the meaning of their axes.

    Each candidate is a list of names in an order that may be the network's.

    Raises:
        ValueError: if no candidate chains with any meaning of the axes, or if more than one does.
    """
    chains = [
        (line, way)
        for line in candidates
        for way in ORDERS
        if order in (None, way) and _chains([_shape(tensors, name, way) for name in line])
        and all(len(b) == _shape(tensors, name, way)[1] for name in line if (b := _bias(tensors, name)) is not None)
    ]  # fmt: skip
    if not chains:
        raise ValueError(_no_chain(tensors, candidates[0], order))
    if len(chains) > 1:
        shapes = ", ".join(f"{name!r} {tensors[name].shape}" for name in chains[0][0])
        if len({way for _, way in chains}) > 1:
            raise AmbiguousError(
                f"these shapes chain as (in, out) and as (out, in): {shapes}. Say which with --order out,in "
                "(PyTorch's) or --order in,out"
            )
        raise AmbiguousError(
            f"these tensors chain in more than one order: {shapes}. Name them from input to output with --layers a,b,c"
        )
    return chains[0]


def _weights(tensors: Mapping[str, np.ndarray[Any, Any]]) -> list[str]:
    """Return the names of all tensors of two axes.

    Raises:
        ValueError: if there is none, or if a tensor belongs to no fully connected layer.
    """
    matrices = [name for name, value in tensors.items() if value.ndim == 2]
    biases = {
        partner for name in matrices for partner in _partners(name)
        if partner in tensors and _is_vector(tensors[partner])
        and (tensors[partner].ndim == 1 or not _is_vector(tensors[name]))
    }  # fmt: skip
    chosen = [name for name in matrices if name not in biases]
    for name, value in tensors.items():
        if value.ndim > 2:
            raise ValueError(
                f"tensor {name!r} has shape {value.shape}: only fully connected layers are read from a file. Name "
                "those to take, from input to output, with --layers a,b,c, or diagnose the model itself with --torch"
            )
        if value.ndim == 1 and name not in biases:
            raise ValueError(
                f"tensor {name!r} of shape {value.shape} is no bias of a layer (one of a normalization?). Name the "
                "layers to take, from input to output, with --layers a,b,c, and say --normalization"
            )
    if not chosen:
        raise ValueError(
            f"no tensor has two axes, as the weights of a layer do; there are {', '.join(map(repr, tensors)) or 'none'}"
        )
    return chosen


def _natural(name: str) -> list[Any]:
    """Return a key for sorting by which layer2 comes before layer10. Numbers compare with numbers, words with words."""
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.split(r"(\d+)", name)]


def _partners(name: str) -> list[str]:
    """Return the names that the biases of a layer may have, given the name of its weights."""
    pairs = (
        ("weight", "bias"),
        ("kernel", "bias"),
        ("weights", "biases"),
        ("W", "b"),
        ("w", "b"),
        ("coefs", "intercepts"),
    )
    # numpy.savez(*model.get_weights()) names what Keras gives in its order: arr_0 and its biases, arr_1, and so on.
    if found := re.fullmatch(r"arr_(\d+)", name):
        return [f"arr_{int(found[1]) + 1}"]
    # The last occurrence counts: `weights.0.weight` has its biases in `weights.0.bias`.
    return [b.join(name.rsplit(w, 1)) for w, b in pairs if w in name]


def _bias(tensors: Mapping[str, np.ndarray[Any, Any]], name: str) -> np.ndarray[Any, Any] | None:
    """Return the biases of the layer with weights `name`, or None if it has none."""
    for partner in _partners(name):
        if partner in tensors and partner != name and _is_vector(tensors[partner]):
            return tensors[partner].ravel()
    return None


def _is_vector(value: np.ndarray[Any, Any]) -> bool:
    """Return whether an array has one axis of more than one entry, as biases of shape (n,), (1, n) or (n, 1) have."""
    return value.ndim == 1 or (value.ndim == 2 and 1 in value.shape)


def _shape(tensors: Mapping[str, np.ndarray[Any, Any]], name: str, way: str) -> tuple[int, int]:
    """Return `(fan_in, fan_out)` of the weights `name`, whose axes have the meaning `way`, one of `ORDERS`."""
    rows, columns = tensors[name].shape
    return (rows, columns) if way == "in,out" else (columns, rows)


def _chains(shapes: list[tuple[int, int]]) -> bool:
    """Return whether each layer has as many inputs as the layer before it has outputs."""
    return all(before[1] == after[0] for before, after in itertools.pairwise(shapes))


def _no_chain(tensors: Mapping[str, np.ndarray[Any, Any]], line: list[str], order: str | None) -> str:
    """Return the message for shapes that do not chain. It names the first two neighbors that do not fit."""
    for first, second in itertools.pairwise(line):
        pair = [first, second]
        if not any(order in (None, way) and _chains([_shape(tensors, name, way) for name in pair]) for way in ORDERS):
            shapes = f"{first!r} {tensors[first].shape} and {second!r} {tensors[second].shape}"
            return f"the shapes of {shapes} do not chain. Name the layers from input to output with --layers a,b,c"
    shapes = ", ".join(f"{name!r} {tensors[name].shape}" for name in line)
    return (
        f"these shapes (with their biases) chain neither as (in, out) nor as (out, in): {shapes}. Name the layers from "
        "input to output with --layers a,b,c"
    )


def _real(name: str, value: np.ndarray[Any, Any]) -> Array:
    """Return `value` as float64.

    Raises:
        ValueError: for a type that is not floating point, or for NaN or infinite values; the message counts them.
    """
    if value.dtype.kind != "f":
        raise ValueError(f"{name!r} must be real numbers, float16 to float64, got dtype {value.dtype}")
    result = value.astype(np.float64)
    nan, infinite = int(np.isnan(result).sum()), int(np.isinf(result).sum())
    if nan or infinite:
        counts = " and ".join(f"{n} {what}" for n, what in ((nan, "NaN"), (infinite, "infinite")) if n)
        raise ValueError(f"{name!r} has {counts} of {result.size} values")
    return result
