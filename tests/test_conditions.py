"""What claims say of their conditions: recorded while they run, the same cold and from the cache, and changed."""

import inspect
import json
import math
import subprocess
import sys

import numpy as np
import pytest

from scripts import store, vary
from wi_docs.experiments import conditions, digits, disk_cache
from wi_docs.experiments.learning_speed import learning_speed
from wi_docs.experiments.mup import coordinate_check
from wi_docs.experiments.pretraining import compare_starts
from wi_docs.experiments.propagation import centered_ratio, product_spectrum, propagate
from wi_docs.experiments.recurrent import descend_recurrence, lstm_memory, recur
from wi_docs.experiments.residual import batch_norm_factor, first_step_change, residual_stream, train_residual
from wi_docs.experiments.symmetry import train_units
from wi_docs.experiments.training import ends, sweep, train
from wi_docs.nn.network import MLP
from wi_docs.pages import claims
from wi_docs.pages.claims import _checks, _vocabulary, above, near

SWEEP = {"depth": 3, "width": 16, "gains": (0.5, 1.0), "rates": (0.02, 0.1), "seeds": (3, 4), "steps": 4}


@pytest.fixture
def kept(tmp_path):
    """Results of experiments are kept in a folder of their own."""
    disk_cache.keep_in(tmp_path, disk_cache.unversioned)
    yield tmp_path
    disk_cache.keep_in(None, disk_cache.unversioned)


def said(run):
    with conditions.collect() as heard:
        run()
    return heard


def swept():
    return sweep("tanh", "lecun_normal", **SWEEP)


def pretrained():
    return compare_starts(depth=2, width=8, pretraining_steps=2, steps=3, seeds=(0,))


def test_a_sweep_says_what_it_trained():
    assert said(swept).domain == {
        "activation": ["tanh"], "batch": [32], "biases": ["0"], "data": ["the digits"], "depth": [3],
        "gain": [0.5, 1.0],
        "optimizer": ["sgd"], "rate": [0.02, 0.1], "rates": ["one for all layers"], "scheme": ["lecun_normal"],
        "seeds": [3, 4], "steps": [4], "width": [16],
    }  # fmt: skip


def test_a_function_that_is_given_a_network_says_what_it_sees_of_it():
    net = MLP([64, 12, 20, 10], "elu", "he_normal", np.random.default_rng(0))
    net.b[1][:] = 0.1
    domain = said(lambda: train(net, steps=2, rate=0.001, seed=7, optimizer="adam")).domain
    wanted = {"activation": ["elu"], "depth": [2], "width": [12, 20], "biases": ["set"], "optimizer": ["adam"]}
    assert {term: domain[term] for term in wanted} == wanted
    assert domain["seeds"] == [7]


@pytest.mark.parametrize("run", [swept, pretrained, lambda: train_residual("fixup", blocks=2, steps=3, seeds=(0, 1))])
def test_what_comes_from_the_cache_has_the_same_conditions(kept, run):
    first = said(run)
    files = {path: path.stat().st_mtime_ns for path in kept.iterdir() if not path.suffix}
    again = said(run)
    assert files
    assert {path: path.stat().st_mtime_ns for path in kept.iterdir() if not path.suffix} == files, "it ran again"
    assert again == first
    assert {"optimizer", "rate", "biases", "data", "depth"} <= first.terms.keys()


def test_a_run_of_a_sweep_that_is_kept_does_not_say_what_ran_beside_it(kept):
    swept()
    one = said(lambda: sweep("tanh", "lecun_normal", **SWEEP | {"gains": (1.0,), "rates": (0.1,), "seeds": (4,)}))
    assert (one.domain["gain"], one.domain["rate"], one.domain["seeds"]) == ([1.0], [0.1], [4])
    assert one.domain["optimizer"] == ["sgd"]


def test_what_is_kept_counts_for_its_variation_only(kept):
    plain = swept()
    for name in conditions.VARIATIONS:
        with conditions.under(name):
            other = swept()
        assert other.keys() == plain.keys(), "a sweep's runs have the names that were asked for"
        assert any(a.exploded_at or (a.loss != b.loss).any() or (a.accuracy != b.accuracy).any()
                   for a, b in zip(plain.values(), other.values(), strict=True)), name  # fmt: skip
    assert all((swept()[run].accuracy == plain[run].accuracy).all() for run in plain)


def test_other_seeds_draw_other_weights():
    options = {"depth": 2, "rates": (0.1,), "steps": 1, "record": "loss"}
    plain = sweep("tanh", "lecun_normal", **options)
    with conditions.under("other seeds"):
        other = sweep("tanh", "lecun_normal", **options)
    assert plain[1.0, 0.1, 0].loss[0] != other[1.0, 0.1, 0].loss[0], "before the first step nothing but weights differ"


# For each function that draws or trains, a number that each of its conditions decides.
DOORS = {
    "sweep": lambda: swept_loss(),
    "propagate": lambda: propagate("relu", "he_normal", depth=6, width=32, batch=8).gradient_rms[0],
    "centered_ratio": lambda: centered_ratio("sigmoid", gain=4.0, depth=6, width=32, batch=8),
    "product_spectrum": lambda: product_spectrum("lecun_normal", depth=4, width=8, activation="tanh")[0],
    "residual_stream": lambda: residual_stream(blocks=4, width=32, batch=8).gradient[0],
    "batch_norm_factor": lambda: batch_norm_factor("relu", depth=8, width=32, batch=16),
    "first_step_change": lambda: first_step_change("scaled", blocks=4, width=16),
    "train_residual": lambda: train_residual("standard", blocks=4, steps=5, rate=0.05)[0].valid_accuracy,
    "recur": lambda: recur(0.9 * np.eye(3), np.ones(3), steps=4).gradient_norm[-1],
    "descend_recurrence": lambda: descend_recurrence(1.02, steps=5).w[-1],
    "lstm_memory": lambda: lstm_memory(1.0, steps=5, units=8)[-1],
    "learning_speed": lambda: learning_speed("relu", shift=-0.3).steps,
    "compare_starts": lambda: fine_tuned(),
    "train_units": lambda: train_units("lecun_normal", "lecun_normal", units=4, steps=10).loss[-1],
    "coordinate_check": lambda: coordinate_check("standard", widths=(16,), steps=2, seeds=(0,))[0, 1],
}


def swept_loss():
    (run,) = sweep("tanh", "lecun_normal", depth=3, rates=(0.1,), width=16, steps=20, record="loss").values()
    return run.loss[-1]


def fine_tuned():
    starts = compare_starts(depth=2, width=8, pretraining_steps=5, steps=30, seeds=(0,))
    return starts.scale["pre-trained"][0] + sum(found.sum() for found in starts.accuracy.values())


@pytest.mark.parametrize("run", DOORS.values(), ids=DOORS)
def test_what_can_be_changed_changes_the_result(run):
    with conditions.collect() as heard:
        plain = run()
    assert heard.doors
    for variation in conditions.VARIATIONS.values():
        with conditions.under(variation.name):
            other = run()
        assert (other != plain) == (variation.term in heard.doors), variation.name


def test_normal_clouds_are_as_hard_as_digits():
    """A linear readout reads about as many of either."""

    def read(data):
        x, test = (np.c_[part, np.ones(len(part))] for part in (data.train_x, data.test_x))
        fitted = np.linalg.lstsq(x, np.eye(10)[data.train_y], rcond=None)[0]
        return ((test @ fitted).argmax(axis=1) == data.test_y).mean()

    with conditions.under("other data"):
        clouds = digits.load()
    real = digits.load()
    assert (real.train_x != clouds.train_x).all(axis=1).mean() > 0.99
    assert abs((clouds.train_x**2).mean() - 1) < 0.05
    assert abs(read(clouds) - read(real)) < 0.05
    with pytest.raises(ValueError, match="read-only"):
        clouds.train_x[0] = 0.0


def test_biases_that_are_drawn_have_pytorchs_law():
    net = MLP([300, 400, 100], "relu", "he_normal", np.random.default_rng(0))
    with conditions.under("biases drawn"):
        conditions.network(net, np.random.default_rng(1))
    for fan_in, b in zip((300, 400), net.b, strict=True):
        assert np.abs(b).max() < fan_in**-0.5
        assert abs(b.std() * (3 * fan_in) ** 0.5 - 1) < 4 * (0.8 / 4 / len(b)) ** 0.5  # kurtosis 1.8


def test_plain_values_are_said_whatever_an_argument_is():
    own = said(lambda: conditions.say(gain=(None, np.float64(0.5), 2), scheme=[lambda rng, shape: 0, MLP])).domain
    assert own == {"gain": [0.5, 2, "none"], "scheme": ["MLP", "its own"]}
    json.dumps(own)


def test_without_a_listener_nothing_is_said():
    conditions.say(depth=3)
    assert conditions.heard() == conditions.Said()


# Claims: made-up ones, which say what they ran on, and are run under other conditions


@claims.claim(what="what was measured here")
def small_nets_learn():
    """They learn."""
    found = sweep("relu", "he_normal", depth=2, rates=[0.1], steps=150, seeds=(0, 1))
    return above(min(ends(found)), 0.6, "the worse of two", {"as at the start": float(found[1.0, 0.1, 0].accuracy[0])})


@claims.claim(what="what was measured here")
def the_second_of_two_layers():
    """It is looked at."""
    p = propagate("tanh", "lecun_normal", depth=2, width=64)
    return above(p.gradient_rms[1], 0.0, "none", {"dead": -p.gradient_rms[1]})


@claims.claim(what="what was measured here")
def four_is_two_and_two():
    """Two and two are four."""
    return near(2 + 2, 4, 0.5, "exact", {"five": 2 + 3})


@claims.claim(what="what was measured here")
def drawn_by_hand():
    """They are drawn."""
    return near(np.random.default_rng(0).standard_normal(), 0.0, 9.0, "nine deviations", {"ten": 5.0 + 5.0})


@claims.claim(what="what was measured here")
def made_by_hand():
    """It is made."""
    net = MLP([64, 5, 10], "tanh", "he_normal", np.random.default_rng(0))
    size = np.abs(net.forward(digits.load().test_x).output).max()
    return above(size, 0.0, "no unit is off for all digits", {"one of zeros": -size})


@claims.claim(what="what was measured here")
def always():
    """It always is."""
    return near(2 + 2, 4, 0.5, "exact", {"five": 2 + 3})


@claims.claim(what="what was measured here")
def typed():
    """It is."""
    wrong = {"five": 5, "computed": 2.0**5}
    return near(2 + 2, 4, 0.5, "exact", wrong)


def test_the_record_of_a_claim_has_its_domain():
    record = claims.run(small_nets_learn)
    assert record["problem"] is None
    assert (record["domain"]["rate"], record["domain"]["seeds"]) == ([0.1], [0, 1])
    assert "ReLU, weights from He normal, plain gradient descent at rate 0.1" in record["ran_on"]
    computed = claims.run(four_is_two_and_two)
    assert (computed["domain"], computed["ran_on"]) == ({}, "computed, no network")


def test_a_claim_is_run_under_what_its_experiment_can_change():
    record = claims.run(the_second_of_two_layers)
    names = claims.applicable(record)
    assert "twice the depth" in names
    assert not [name for name in names if "rate" in name or "optimizer" in name]
    compared = record | {"domain": record["domain"] | {"activation": ["relu", "tanh"]}}
    assert set(names) - set(claims.applicable(compared)) == {"another activation"}
    wide = record | {"domain": record["domain"] | {"width": [64, 1000]}}
    assert set(names) - set(claims.applicable(wide)) == {"four times the width"}


@pytest.mark.parametrize(
    ("claim", "variation", "verdict", "words"),
    [
        (small_nets_learn, "four times the width", "holds", "at width 256"),
        (small_nets_learn, "another optimizer", "holds", "with Adam at rate 0.001"),
        (small_nets_learn, "other seeds", "holds", "with other seeds"),
        (the_second_of_two_layers, "half the depth", "not applicable", "at depth 1"),
        (the_second_of_two_layers, "biases drawn", "holds", "with biases drawn by PyTorch's law"),
    ],
)
def test_a_sentence_holds_or_not_under_another_condition(tmp_path, monkeypatch, claim, variation, verdict, words):
    monkeypatch.setattr(claims, "get", lambda ids: [claim])
    home = claims.run(claim)
    record, _ = claims.run_by_id(claim.id, tmp_path, variation)
    disk_cache.keep_in(None, disk_cache.unversioned)
    found = claims.verdict_under(variation, home, record)
    assert (found["verdict"], found["words"]) == (verdict, words)


@pytest.mark.parametrize(("measured", "verdict"), [(math.inf, "breaks"), (math.nan, "not applicable")])
def test_what_never_happens_breaks_and_what_is_no_number_says_nothing(measured, verdict):
    home = {"domain": {"rate": [0.1]}}
    found = claims.verdict_under("a third of the rate", home, {"measured": measured, "problem": "measured so"})
    assert found == {"verdict": verdict, "words": "at rate 0.03333"}


def test_a_sentence_that_does_not_hold_breaks(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "get", lambda ids: [small_nets_learn])
    monkeypatch.setitem(conditions.RATES, "adam", 1e-9)
    record, _ = claims.run_by_id("", tmp_path, "another optimizer")
    disk_cache.keep_in(None, disk_cache.unversioned)
    assert claims.verdict_under("another optimizer", claims.run(small_nets_learn), record)["verdict"] == "breaks"


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        (drawn_by_hand, "it draws, and nothing says under which conditions"),
        (made_by_hand, "it makes a network, and does not say which"),
        (always, "'always' needs a proof"),
        (typed, "'five' is typed, 5: compute it"),
    ],
)
def test_a_claim_that_promises_too_much_is_refused_with_file_and_line(claim, words):
    record = claims.run(claim)
    assert words in record["problem"]
    line = inspect.getsourcelines(claim.experiment)[1]
    assert record["where"] == f"{__file__}:{line}"
    assert claims.run(small_nets_learn)["problem"] is None
    assert "computed" not in record["problem"].replace("compute it", "")


def test_the_line_of_a_typed_number_is_its_own():
    ((line, _),) = _checks.typed(typed.experiment)
    assert '"five": 5' in inspect.getsource(inspect.getmodule(typed.experiment)).splitlines()[line - 1]


def test_every_condition_that_a_sentence_breaks_under_is_listed():
    varied = {name: {"verdict": "breaks", "words": "x"} for name in conditions.VARIATIONS}
    assert len(_vocabulary.unnamed("It learns.", varied)) == len(varied)
    named = "With tanh, biases, by Adam at this rate, ten layers of 64 units of equal width read the digits."
    assert _vocabulary.unnamed(named, varied) == ["it breaks x, and does not name the seeds"]
    assert not _vocabulary.unnamed("It learns.", {name: one | {"verdict": "holds"} for name, one in varied.items()})


# What is kept: docs/vary.json

HOLDS = {"verdict": "holds", "words": "with Adam"}
BREAKS = HOLDS | {"verdict": "breaks"}


def test_a_verdict_about_unchanged_code_does_not_change():
    kept = {"a": {"digest": "1", "varied": {"x": HOLDS}}, "b": {"digest": "1", "varied": {"x": HOLDS}}}
    now = {"a": {"digest": "1", "varied": {"x": BREAKS}}, "b": {"digest": "2", "varied": {"x": BREAKS}}}
    assert vary.changed(kept, now) == ["docs/vary.json: a with Adam: holds is kept, and it is breaks"]
    assert not vary.changed(kept, kept)
    gone = {"a": {"digest": "1", "varied": {}}}
    assert vary.changed(kept, gone) == ["docs/vary.json: a with Adam: holds is kept, and it is nothing"]


def test_a_claim_whose_code_has_changed_is_listed(monkeypatch, tmp_path):
    jobs = {job.function: vary.digest(job.module, job.function) for job in store.jobs(["claims"])}
    first, second, *_ = jobs
    known = {name: {"digest": found, "varied": {}} for name, found in jobs.items() if name != second}
    known[first]["digest"] = "another"
    vary.keep(tmp_path / "vary.json", known)
    monkeypatch.setattr(vary, "FILE", tmp_path / "vary.json")
    assert vary.stale() == [first, second]
    found = {"digest": "another", "varied": {"x": HOLDS, "y": BREAKS | {"words": "on x"}}}
    assert vary.in_words(found, jobs[first]) == "Also holds with Adam; not on x (not rerun since the code changed)."
    assert vary.in_words(None, jobs[first]) == ""


@pytest.mark.parametrize("name", ["dropout_breaks_it", "steps_do_not_learn"])
def test_what_is_kept_of_a_claim_is_what_it_does(name):
    """If the code has changed and a verdict with it, `make vary VARY=…` writes the new one."""
    kept = vary.read()[name]["varied"]
    done = subprocess.run(
        [sys.executable, "-m", "wi_docs", "claims", "--vary", "--json", name],
        cwd=store.ROOT, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)[name]
    assert {key: (one["verdict"], one["words"]) for key, one in found.items()} == {
        key: (one["verdict"], one["words"]) for key, one in kept.items()
    }
    assert {"holds", "breaks"} & {one["verdict"] for one in found.values()}


def test_a_sentence_names_the_conditions_under_which_it_breaks():
    """All that do not are listed at once."""
    known = claims.load()
    found = [
        f"{known[name].where()}: {name}: {message}"
        for name, one in vary.read().items()
        for message in _vocabulary.unnamed(known[name].sentence, one["varied"])
    ]
    assert not found, "\n".join(["", *found])
