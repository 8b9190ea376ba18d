"""Changes to a model: which are tried, what they touch, what their lines do, and when none is offered."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from tests.torch import models
from tests.torch.reported import normal
from wi_docs.diagnosis import cure
from wi_docs.diagnosis.probe import Batch, _audit, _measure, probe

BATCH = Batch(normal(32, 64), torch.arange(32) % 10, None)


def net(deviation=0.05, depth=6, bias=True):
    torch.manual_seed(0)
    layers = []
    for _k in range(depth):
        layers += [nn.Linear(64, 64, bias=bias), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(64, 10))
    for module in model[::2]:
        nn.init.normal_(module.weight, std=deviation)
    return model


def look(model, batch=BATCH):
    entries = _audit(model)
    return replace(_measure(model, batch, 0, 0.01, entries), parameters=entries)


def changes(model, batch=BATCH):
    return list(cure._changes(model, batch, look(model, batch)))


def test_the_gains_come_in_order_and_after_smaller_changes():
    said = [change.words for change in changes(net())]
    assert [words.partition(" (")[0].rpartition(" ")[2] for words in said] == ["1.41/sqrt(fan_in)"] * 2 + [
        "1/sqrt(fan_in)"
    ]
    assert all("for relu, its " in words for words in said[:2])
    assert all(words.endswith("in every linear layer and convolution") for words in said)
    loud = net(0.18)
    nn.init.normal_(loud[-1].weight, std=1.0)
    first = changes(loud)[0].words
    assert first == "normal weights of deviation 1/sqrt(fan_in) (a gain of 1 in 12) and biases of 0, in 12"
    nn.init.normal_(loud[-1].weight, std=1.9 / 8)
    assert "in 12" not in changes(loud)[0].words


def test_inputs_are_scaled_first_if_they_are_loud():
    for rms, scaled in ((2.5, False), (100.0, True)):
        found = changes(net(), replace(BATCH, inputs=BATCH.inputs * rms))[0]
        assert found.words.startswith("inputs divided by") == scaled
    assert float(found.batch.inputs.square().mean().sqrt()) == pytest.approx(1.0)
    assert found.code == f"inputs = inputs / {float((100 * BATCH.inputs).square().mean().sqrt()):.4g}"
    several = Batch((BATCH.inputs * 100, "more"), None, None)
    (new,) = cure._scaled_inputs(several, 100.0)
    assert torch.allclose(new.batch.inputs[0], BATCH.inputs)
    assert new.batch.inputs[1] == "more"
    assert list(cure._scaled_inputs(Batch(torch.arange(5), None, None), 100.0)) == []


def test_what_is_drawn_has_its_deviation_and_leaves_the_rest():
    model = net()
    model[0].requires_grad_(False)
    nn.init.zeros_(model[-1].weight)
    nn.init.ones_(model[2].bias)
    before = {name: p.clone() for name, p in model.named_parameters()}
    change = changes(model)[0]
    assert change.words.endswith("but those that are frozen or start at 0 and leave it")
    with torch.no_grad():
        change.apply()
    assert torch.equal(model[0].weight, before["0.weight"])
    assert torch.equal(model[-1].weight, before["12.weight"])
    assert not model[2].bias.any()
    assert float(model[2].weight.detach().std()) == pytest.approx(math.sqrt(2 / 64), rel=0.06)
    waits = changes(mlp_with_head_of_zeros())[0].words
    assert waits.endswith("but those that start at 0 and leave it")


def mlp_with_head_of_zeros():
    model = net()
    nn.init.zeros_(model[-1].weight)
    return model


def test_the_code_names_a_few_layers_and_loops_over_many():
    few, many = net(depth=5), net(depth=6)
    code = changes(few)[0].code
    assert code.count("nn.init.normal_(model.get_submodule(") == code.count("nn.init.zeros_(") == 6
    assert 'model.get_submodule("0").weight, std=0.1768)' in code
    loop = changes(many)[0].code
    assert "for name in names.split():" in loop
    for model, text in ((few, code), (many, loop)):
        torch.manual_seed(1)
        exec(text, {"model": model})
        for module in model[::2]:
            assert float(module.weight.detach().std()) == pytest.approx(math.sqrt(2 / 64), rel=0.1)
            assert not module.bias.any()
    assert "zeros_" not in changes(net(depth=5, bias=False))[0].code.partition('"10"')[0]
    alone = nn.Linear(64, 10)
    nn.init.normal_(alone.weight, std=1.0)
    assert "nn.init.normal_(model.weight, std=0.125)" in changes(alone)[0].code


def test_the_loop_over_many_layers_leaves_those_that_are_left_and_knows_each_fan_in():
    """A layer that starts at 0 stays there, and the weights of a transposed convolution have their inputs first."""
    model = nn.Sequential(
        *(nn.Linear(64, 64) for _ in range(7)), nn.ConvTranspose1d(16, 400, 1), nn.MultiheadAttention(64, 2)
    )
    nn.init.zeros_(model[3].weight)
    named = {name: module for name, module in model.named_modules() if cure._layer(module) and name != "3"}
    exec(cure._code(named, 2.0), {"model": model})
    assert not model[3].weight.any()
    for name, fan_in in (("0", 64), ("6", 64), ("7", 16), ("8.out_proj", 64)):
        weight = model.get_submodule(name).weight.detach()
        assert float(weight.std()) == pytest.approx(2 / math.sqrt(fan_in), rel=0.1), name


def test_values_that_are_none_are_drawn_and_only_those():
    model = nn.Sequential(nn.Embedding(20, 8), nn.Linear(8, 8), nn.LayerNorm(8), nn.Linear(8, 3))
    with torch.no_grad():
        model[0].weight[3, 2] = math.nan
        model[1].bias[0] = math.inf
        model[2].weight[1] = math.nan
        model[3].weight[0, 0] = 1e30
    kept = model[1].weight.clone()
    batch = Batch(torch.arange(20), torch.arange(20) % 3, None)
    change = changes(model, batch)[0]
    assert change.words == "new values for 0.weight, 1.bias, 2.weight, 3.weight"
    code = change.code
    with torch.no_grad():
        change.apply()
    for _ in range(2):
        assert float(model[0].weight.detach().std()) == pytest.approx(0.02, rel=0.2)
        assert not model[1].bias.any()
        assert bool((model[2].weight == 1).all())
        assert float(model[3].weight.detach().std()) == pytest.approx(8**-0.5, rel=0.5)
        assert torch.equal(model[1].weight, kept)
        exec(code, {"model": model})  # the lines do the same


def test_gates_are_opened_for_as_many_steps_as_there_are():
    for kind, fill in ((nn.LSTM, 1), (nn.GRU, 1), (nn.RNN, 0)):
        torch.manual_seed(0)
        model = Last(kind(8, 16, 2, batch_first=True))
        batch = Batch(normal(8, 100, 8), torch.arange(8) % 3, None)
        (change,) = cure._recurrent(dict(model.named_modules()), look(model, batch), batch)
        again = Last(kind(8, 16, 2, batch_first=True))
        with torch.no_grad():
            change.apply()
        exec(change.code, {"model": again})
        for rnn in (model.rnn, again.rnn):
            for layer in range(2):
                bias = getattr(rnn, f"bias_ih_l{layer}")[16:32]
                if fill:
                    assert torch.allclose(bias, torch.full((16,), math.log(100)), atol=5e-3)
                    assert not getattr(rnn, f"bias_hh_l{layer}")[16:32].any()
                    assert getattr(rnn, f"bias_hh_l{layer}")[:16].all()
                else:
                    w = getattr(rnn, f"weight_hh_l{layer}").detach()
                    assert torch.allclose(w @ w.T, torch.eye(16), atol=1e-5)
        assert ("gates that stay open" in change.words) == bool(fill)
    assert list(cure._recurrent(dict(net().named_modules()), look(net()), BATCH)) == []


class Last(nn.Module):
    def __init__(self, rnn):
        super().__init__()
        self.rnn, self.head = rnn, nn.Linear(16, 3)

    def forward(self, x):
        return self.head(self.rnn(x)[0][:, -1, :16])


def test_a_training_is_that_of_adam_and_leaves_no_gradient():
    model, twin = net(0.18), net(0.18)
    first, last, steps = cure._trained(model, BATCH, 60.0)
    optimizer = torch.optim.Adam(twin.parameters(), 1e-3)
    losses = []
    for _ in range(21):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(twin(BATCH.inputs), BATCH.targets)
        loss.backward()
        losses.append(float(loss.detach()))
        if len(losses) < 21:
            optimizer.step()
    assert steps == 20
    assert first == pytest.approx(losses[0], rel=1e-4)
    assert last == pytest.approx(sum(losses[-3:]) / 3, rel=1e-3)
    assert all(p.grad is None for p in model.parameters())
    assert cure._trained(net(), BATCH, 0.0)[2] < 20
    broken = cure._trained(net(), replace(BATCH, targets=torch.full((32,), 99)), 60.0)
    assert math.isnan(broken[0])
    assert math.isnan(broken[1])


def test_the_cure_is_the_one_after_which_the_least_is_left_and_the_model_is_as_it_was(monkeypatch):
    monkeypatch.setattr(cure, "SECONDS", 600.0)  # on a busy machine too
    model = models.plain()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = probe(model, normal(32, 64), torch.arange(32) % 10)
    assert found.cure.words.startswith("normal weights of deviation 1.41/sqrt(fan_in) (for relu, its gain, 1.41)")
    assert "Tried on this model: Good." in found.cure.words
    assert found.cure.after[1] < found.cure.before[1]
    assert found.cure.steps == 20
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def offered(monkeypatch, *ends):
    """What is offered if the trainings, of the model as it is and of each change, end so."""
    left = iter(ends)
    monkeypatch.setattr(cure, "_trained", lambda *_: next(left))
    return probe(models.plain(8), normal(32, 64), torch.arange(32) % 10).cure


@pytest.mark.parametrize(
    ("before", "after", "helps"),
    [
        ((2.3, 2.0, 20), (2.3, 1.0, 20), True),
        ((2.3, 2.0, 20), (2.3, 2.0, 20), False),
        ((2.3, 2.0, 20), (2.3, 2.1, 20), False),
        ((2.3, math.nan, 20), (2.3, 2.1, 20), True),
        ((2.3, math.inf, 20), (2.3, 2.1, 20), True),
        ((2.3, 2.0, 20), (2.3, math.nan, 20), False),
        ((2.3, 2.0, 20), (math.inf, math.inf, 20), False),
        ((math.inf, math.nan, 20), (2.3, math.nan, 20), True),  # as in half precision: it begins, at least
        ((math.nan, math.nan, 20), (math.nan, math.nan, 20), False),
        ((2.3, math.nan, 20), (2.3, math.nan, 20), False),
        ((math.inf, 2.0, 20), (2.3, math.nan, 20), False),
        ((2.3, 2.0, 5), (2.3, 2.1, 20), True),  # too few steps to tell
        ((2.3, 2.0, 20), (2.3, 2.1, 7), True),
    ],
)
def test_no_change_is_offered_that_does_not_help_in_training(monkeypatch, before, after, helps):
    found = offered(monkeypatch, before, *[after] * 9)
    assert (found is not None) == helps
    if helps:
        assert (found.before, found.after, found.steps) == (before[:2], after[:2], min(before[2], after[2]))


def test_without_problems_nothing_is_tried(monkeypatch):
    monkeypatch.setattr(cure, "find", lambda *_: 1 / 0)
    assert probe(models.he()).cure is None
    assert probe(models.plain(), advise=False).cure is None


def test_a_function_that_is_none_of_ours_brings_its_measured_gain():
    class Wave(nn.Module):
        def forward(self, x):
            return torch.sin(3 * x) + 0.2 * x

    rng = torch.Generator().manual_seed(0)
    z = torch.randn(10**6, generator=rng)
    expected = float((Wave()(z) ** 2).mean() ** -0.5)
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(64, 64), nn.ReLU6(), nn.Linear(64, 64), Wave(), nn.Linear(64, 64), Wave(), nn.Linear(64, 10)
    )
    (own, one) = cure._gains(look(model), "Wave")
    assert own == ("its gain", pytest.approx(expected, rel=0.01))
    assert one == ("a gain of 1", 1.0)


def test_a_buffer_without_a_value_is_no_parameter_to_draw():
    model = nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 10))
    model[1].running_mean[3] = math.nan
    assert not any(change.words.startswith("new values") for change in changes(model))


def tries(monkeypatch, kinds, seconds=cure.SECONDS):
    """Which changes `find` measures and which it returns, of some that help, do nothing, or fail."""
    model, applied, seen, ends = models.plain(8), [], [], iter([1.0] + [0.5] * 9)
    now = look(model)

    def change(number, kind):
        def apply():
            if kind == "fails":
                raise RuntimeError("a change that does not fit")
            applied.append(number)

        return cure.Change(f"{number}", "", apply, BATCH)

    def measure(_):
        seen.append(applied[-1])
        kind = kinds[seen[-1]]
        problems = {"helps": (), "does nothing": now.problems, "a little": now.problems[:1]}[kind]
        return replace(now, problems=problems)

    monkeypatch.setattr(cure, "SECONDS", seconds)
    monkeypatch.setattr(cure, "_changes", lambda *_: (change(k, kind) for k, kind in enumerate(kinds)))
    monkeypatch.setattr(cure, "_trained", lambda *_: (2.0, next(ends), 20))
    found = cure.find(model, BATCH, replace(now, problems=now.problems * 2), measure)
    return seen, None if found is None else found.words.partition(".")[0]


def test_changes_are_tried_until_one_leaves_nothing(monkeypatch):
    nothing, helps = "does nothing", "helps"
    assert tries(monkeypatch, ["same"] * 0) == ([], None)
    assert tries(monkeypatch, ["a little", "a little", "a little", helps, helps]) == ([0, 1, 2, 3], "3")
    assert tries(monkeypatch, ["fails", helps]) == ([1], "1")
    assert tries(monkeypatch, ["fails", "fails"]) == ([], None)
    # Of two that leave as much, the earlier one.
    assert tries(monkeypatch, ["a little", "a little"]) == ([0, 1], "0")
    # Two are tried in any time, and then no more.
    assert tries(monkeypatch, ["a little", "a little", helps], seconds=-1.0) == ([0, 1], "0")
    assert tries(monkeypatch, ["a little", nothing, helps]) == ([0, 1, 2], "2")


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
def test_weights_are_written_through_what_computes_them():
    parts = nn.utils.parametrizations, nn.utils
    for wrap in (lambda m: m, parts[0].weight_norm, parts[1].weight_norm, lambda m: parts[1].weight_norm(m, dim=None)):
        layer, w = wrap(nn.Linear(4, 3)), normal(3, 4)
        with torch.no_grad():
            cure._set(layer, w)
        x = normal(5, 4)
        assert torch.allclose(layer(x) - layer.bias, x @ w.T, atol=1e-5)


def test_which_modules_are_layers():
    class Conv1D(nn.Module):  # the transformers library's linear layer of GPT-2
        nf = 3

    class Other(nn.Module):
        nf = 3

    layers = (nn.Linear(2, 2), nn.Conv2d(2, 2, 1), nn.ConvTranspose1d(2, 2, 1), Conv1D())
    assert all(map(cure._layer, layers))
    assert not any(
        map(cure._layer, (nn.LSTM(2, 2), nn.LayerNorm(2), nn.Embedding(2, 2), nn.Bilinear(2, 2, 2), Other()))
    )


def test_loose_parameters_are_drawn_by_their_rows():
    loose = {"w": nn.Parameter(torch.zeros(300, 64))}
    change = cure._drawn_parameters(loose, 2.0, "two", BATCH)
    with torch.no_grad():
        change.apply()
    assert float(loose["w"].detach().std()) == pytest.approx(2 / 8, rel=0.05)
    assert 'nn.init.normal_(model.get_parameter("w"), std=0.25)' in change.code


def reparametrized(kind):
    """Seven layers of which each weight is computed from others, and one bias is frozen."""
    torch.manual_seed(0)
    model = nn.Sequential(*(kind(nn.Linear(64, 64)) for _ in range(6)), nn.Linear(64, 10))
    nn.init.constant_(model[1].bias, 0.5)
    model[1].bias.requires_grad_(False)
    return model


@pytest.mark.parametrize("few", [False, True])
@pytest.mark.parametrize(
    "kind",
    [
        nn.utils.parametrizations.weight_norm,
        pytest.param(nn.utils.weight_norm, marks=pytest.mark.filterwarnings("ignore:.*weight_norm")),
        lambda layer: nn.utils.weight_norm(layer, dim=None),
        lambda layer: prune.identity(layer, "weight"),
        lambda layer: layer,
    ],
)
@pytest.mark.filterwarnings("ignore:.*weight_norm")
def test_the_lines_change_what_the_change_does_in_layers_whose_weights_are_computed(kind, few):
    model = reparametrized(kind)
    layers = {name: m for name, m in model.named_modules() if cure._layer(m)}
    layers = dict(list(layers.items())[: 3 if few else 7])
    change = cure._drawn(layers, 2.0, "", None)
    start = {name: p.detach().clone() for name, p in model.state_dict().items()}

    def changed():
        found = {name for name, p in model.state_dict().items() if not torch.equal(p, start[name])}
        for name in layers:
            model(torch.ones(1, 64))  # hooks compute the weights
            weight = model.get_submodule(name).weight.detach()
            assert float(weight.std()) == pytest.approx(2 / 8, rel=0.1), name
        model.load_state_dict(start)
        return found

    with torch.no_grad():
        change.apply()
    wanted = changed()
    exec(change.code, {"model": model})
    assert changed() == wanted
    assert "1.bias" not in wanted


def test_both_directions_of_a_recurrent_layer_are_opened():
    for kind in (nn.LSTM, nn.RNN):
        torch.manual_seed(0)
        model = Last(kind(8, 16, batch_first=True, bidirectional=True))
        batch = Batch(normal(8, 100, 8), torch.arange(8) % 3, None)
        seen = look(model, batch)
        found = list(cure._recurrent(dict(model.named_modules()), replace(seen, times=(("rnn", (1.0,) * 100),)), batch))
        exec(found[0].code, {"model": model})
        if kind is nn.LSTM:
            assert torch.allclose(model.rnn.bias_ih_l0_reverse[16:32], torch.full((16,), math.log(100)), atol=5e-3)
        else:
            w = model.rnn.weight_hh_l0_reverse.detach()
            assert torch.allclose(w @ w.T, torch.eye(16), atol=1e-5)


def test_a_layer_without_biases_has_no_gate_to_open():
    model = Last(nn.LSTM(8, 16, batch_first=True, bias=False))
    batch = Batch(normal(8, 100, 8), torch.arange(8) % 3, None)
    seen = replace(look(model, batch), times=(("rnn", (1.0,) * 100),))
    assert not list(cure._recurrent(dict(model.named_modules()), seen, batch))
