"""Train models from the libraries that people use, as built and spoiled, and ask Diagnose about each.

`python -m scripts.maintain.diagnosis_trials` writes `wi_docs/data/diagnosis_trials.json`. It needs PyTorch, timm and
transformers. A training decides what is right: a start learns if gradient descent or Adam, at one of two rates each,
brings the loss on one batch with random labels below 0.9 times the blind loss within some steps, which is the least
that one answer for all inputs can have. It does not learn if all of them leave it above 0.97 times that. What lies
between is left out of the count. Of dense networks the two optimizers are judged apart.
"""

from __future__ import annotations

import importlib
import json
import math
import platform
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import torch
from torch import nn

from scripts.store import ROOT
from tests.torch import reported
from wi_docs.diagnosis import step
from wi_docs.diagnosis.probe import load, probe, standard_inputs
from wi_docs.experiments import stored

TARGET = ROOT / "wi_docs" / "data" / "diagnosis_trials.json"
STEPS = {"spoiled": 400, "reported": 100, "models": 100}  # by group
LEARNED, BLIND = 0.9, 0.97
ENOUGH = 0.8  # times the blind loss, below which a training ends early
SOURCE = "made by scripts/maintain/diagnosis_trials.py; measurements of our own, free to use (CC0)"
WAYS: dict[str, tuple[Callable[[Any], Any], ...]] = {
    "adam": (lambda p: torch.optim.Adam(p, 3e-3), lambda p: torch.optim.Adam(p, 3e-4)),
    "descent": (lambda p: torch.optim.SGD(p, 0.3), lambda p: torch.optim.SGD(p, 0.03)),
}
TIMM = (
    "resnet18", "resnet26d", "resnext26ts", "seresnet18", "mobilenetv2_050",
    "mobilenetv3_small_050", "efficientnet_lite0", "tinynet_e", "mnasnet_050", "regnetx_002", "regnety_002",
    "ghostnet_050", "convnext_atto", "convnextv2_atto", "edgenext_xx_small", "repvgg_a0", "hardcorenas_a",
    "lcnet_050", "mobileone_s0", "poolformerv2_s12", "nf_resnet26", "xcit_nano_12_p16_224", "repghostnet_050",
    "mobilevit_xxs", "efficientvit_b0", "starnet_s1", "dla46_c", "densenet121", "fbnetc_100", "selecsls42b",
    "mobilenetv4_conv_small_050", "resnetv2_18", "fastvit_t8", "inception_next_atto", "hgnetv2_b0", "res2net50_14w_8s",
    "skresnet18", "gernet_s",
)  # fmt: skip
SIZED = ("vit_tiny_patch16_224", "deit_tiny_patch16_224", "mixer_s32_224", "cait_xxs24_224", "resmlp_12_224",
         "gmixer_12_224")  # fmt: skip
WORDS = torch.randint(0, 500, (4, 16), generator=torch.Generator().manual_seed(1))


def transformers() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield small models of the transformers library, by name."""
    hf = importlib.import_module("transformers")
    small: dict[str, Any] = {
        "vocab_size": 500, "hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4,
        "intermediate_size": 128, "max_position_embeddings": 64, "pad_token_id": 0,
    }  # fmt: skip
    gpt = {"vocab_size": 500, "n_positions": 64, "n_embd": 64, "n_layer": 3, "n_head": 4}
    for config, model, options in (
        ("BertConfig", "BertForSequenceClassification", small), ("RobertaConfig", "RobertaForMaskedLM", small),
        ("ElectraConfig", "ElectraForSequenceClassification", small), ("LlamaConfig", "LlamaForCausalLM", small),
        ("MistralConfig", "MistralForCausalLM", small | {"num_key_value_heads": 2}),
        ("Qwen2Config", "Qwen2ForCausalLM", small | {"num_key_value_heads": 2}),
        ("GPT2Config", "GPT2LMHeadModel", gpt), ("GPTNeoXConfig", "GPTNeoXForCausalLM", small),
        ("OPTConfig", "OPTForCausalLM", small | {"ffn_dim": 128, "word_embed_proj_dim": 64}),
        ("BloomConfig", "BloomForCausalLM", {"vocab_size": 500, "hidden_size": 64, "n_layer": 3, "n_head": 4}),
        ("DistilBertConfig", "DistilBertForSequenceClassification",
         {"vocab_size": 500, "dim": 64, "n_layers": 3, "n_heads": 4, "hidden_dim": 128}),
        ("AlbertConfig", "AlbertForSequenceClassification", small | {"embedding_size": 32}),
        ("PhiConfig", "PhiForCausalLM", small),
    ):  # fmt: skip
        kind, own = getattr(hf, model, None), getattr(hf, config, None)
        if kind is not None and own is not None:
            yield f"transformers {model}", partial(_of_words, kind, own, options)


def _of_words(kind: Any, config: Any, options: dict[str, Any]) -> Any:
    """Return a model of the transformers library with its batch."""
    return kind(config(**options)), WORDS


def _of_images(name: str, **options: Any) -> Any:
    """Return a model of timm with its batch."""
    x = torch.randn(8, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    return importlib.import_module("timm").create_model(name, num_classes=10, **options), x


def library() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield models of timm and of transformers as they are built, by name."""
    for name in TIMM:
        yield f"timm {name}", partial(_of_images, name)
    for name in SIZED:
        yield f"timm {name}", partial(_of_images, name, img_size=64)
    yield from transformers()


def spoiled() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield networks whose weights are of other sizes, from far too small to far too large, by name."""
    for phi in (nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.LeakyReLU, nn.SiLU):
        for depth in (2, 8, 24):
            for gain in (0.1, 0.5, 1.0, 1.5, 4.0):

                def build(phi: Any = phi, depth: int = depth, gain: float = gain) -> Any:
                    def drawn(model: Any) -> Any:
                        for module in model[::2]:
                            nn.init.normal_(module.weight, 0, gain / math.sqrt(module.in_features))
                            nn.init.zeros_(module.bias)
                        return model

                    return reported.mlp(64, *[96] * depth, 10, phi=phi, start=drawn), reported.normal(32, 64)

                yield f"{phi.__name__}, {depth} layers, gain {gain:g}", build


def best_ratio(build: Callable[[], Any], ways: Iterable[Callable[[Any], Any]], steps: int) -> float:
    """Return the lowest last loss of some optimizers on one batch, over the blind loss; infinity if none ends.

    Where a model has a loss of its own, whose blind value is not known, its first loss takes the place.
    """
    best = math.inf
    for way in ways:
        torch.manual_seed(0)
        model, inputs, targets, given = _built(build)
        optimizer = way([p for p in model.parameters() if p.requires_grad])
        seen: list[float] = []
        for _ in range(steps):
            torch.manual_seed(1)  # the same targets in each step
            found = step.loss(step.call(model, inputs), targets, given)
            optimizer.zero_grad()
            found.value.backward()
            optimizer.step()
            value = float(found.value.detach())
            blind = found.blind or (seen[0] if seen else value)
            seen.append(value)
            if not math.isfinite(value) or max(seen[-3:]) < ENOUGH * blind:
                break
        best = min(best, max(seen[-3:]) / blind if all(map(math.isfinite, seen[-3:])) else math.inf)
        if best < ENOUGH:
            break
    return best


def _built(build: Callable[[], Any]) -> tuple[Any, Any, Any, Any]:
    """Return a model, its inputs, its targets and its loss, None where it has no targets or loss of its own."""
    built = build()
    model, inputs, targets, given = (*built, None, None)[:4] if isinstance(built, tuple) else (built, *[None] * 3)
    return model, standard_inputs(model) if inputs is None else inputs, targets, given


def trial(build: Callable[[], Any], group: str) -> dict[str, Any]:
    """Return what training and Diagnose say of a model.

    Of the networks that are spoiled, it returns this for each optimizer: whether they learn by it, and whether Diagnose
    calls them good for it.
    """
    torch.manual_seed(0)
    model, inputs, targets, given = _built(build)
    found = probe(model, inputs, targets, loss=given, advise=False)
    kind = found.problems[0].kind if found.problems else ""
    if group != "spoiled":
        ratio = best_ratio(build, [way for ways in WAYS.values() for way in ways], STEPS[group])
        return {"trains": _trains(ratio), "ok": found.ok, "kind": kind, "ratio": _short(ratio)}
    record: dict[str, Any] = {"ok": found.ok, "kind": kind}
    for name, fit in (("descent", found.descent), ("adam", found.adam)):
        ratio = best_ratio(build, WAYS[name], STEPS[group])
        good = found.ok or (fit is not None and bool(fit.learns))
        record[name] = {"trains": _trains(ratio), "ok": good, "ratio": _short(ratio)}
    return record


def _short(ratio: float) -> float | None:
    """Return a ratio as it is kept: with three decimals, None for infinity."""
    return round(ratio, 3) if math.isfinite(ratio) else None


def _trains(ratio: float) -> bool | None:
    """Return whether a start trains, by its best loss over the blind one; None for what lies between."""
    return True if ratio < LEARNED else False if not ratio < BLIND else None


def main() -> None:
    """Try all models, and write what was found."""
    warnings.simplefilter("ignore")
    record: dict[str, Any] = {"source": SOURCE, "models": {}, "spoiled": {}, "reported": {}}
    known = [(name, partial(load, f"tests.torch.reported:{name}")) for name in reported.GOOD]
    for group, models in (("spoiled", spoiled()), ("reported", known), ("models", library())):
        for name, build in models:
            try:
                record[group][name] = found = trial(build, group)
            except (ValueError, RuntimeError, TypeError, AssertionError) as error:
                print(f"{name}: left out, {type(error).__name__}: {error}"[:200], file=sys.stderr, flush=True)
                continue
            print(group, name, found, flush=True)
        record["made with"] = {
            "python": platform.python_version(), "torch": torch.__version__,
            "timm": importlib.import_module("timm").__version__,
            "transformers": importlib.import_module("transformers").__version__,
        }  # fmt: skip
        record["digest"] = stored.digest(record)
        TARGET.write_text(json.dumps(record, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
