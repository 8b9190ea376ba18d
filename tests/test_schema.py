"""What `diagnose --json` prints, against its schema: of networks, of files, of models, and of broken records."""

import copy
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from tests.test_diagnosis import BAD, GOOD
from tests.test_report import PROBE, STEPPED, A
from wi_docs.__main__ import main
from wi_docs.diagnosis.audit import audit, inventory
from wi_docs.diagnosis.cure import Cure
from wi_docs.diagnosis.networks import Spec, diagnose
from wi_docs.diagnosis.problems import Problem
from wi_docs.diagnosis.report import plain
from wi_docs.diagnosis.schema import schema

STORED = Path(__file__).parent.parent / "wi_docs" / "data" / "diagnosis_schema.json"
VALIDATOR = jsonschema.Draft202012Validator(json.loads(STORED.read_text()))


def check(record):
    # As it is printed: JSON has lists and no tuples.
    VALIDATOR.validate(json.loads(json.dumps(record, allow_nan=False)))


def test_the_stored_schema_is_that_of_the_code():
    jsonschema.Draft202012Validator.check_schema(schema())
    assert json.loads(STORED.read_text()) == json.loads(json.dumps(schema()))
    described = [part for kind in schema()["$defs"].values() for part in kind["properties"].values()]
    assert all(part["description"] for part in described)


@pytest.mark.parametrize("spec", [*(spec for spec, *_ in BAD), *GOOD])
def test_networks(spec):
    check(plain(diagnose(spec, seeds=1)))
    check(plain(diagnose(spec, seeds=1, simulated=False)))


def test_what_is_undecided_and_what_starts_at_0():
    check(plain(diagnose(Spec((8, 4, 2), scheme="zeros"), simulated=False)))
    check(plain(diagnose(Spec((8, 8, 8, 2), sigma_w=(1.0, 1.0, 0.0)), seeds=1)))
    check(plain(diagnose(Spec((8, 8, 8, 2), scheme="constant", gain=1e200), seeds=1)))


def test_models():
    problems = (Problem("overflow", "a", "Much.", 9.0),)
    cure = Cure("words", "code", (1.0, float("nan")), (1.0, 0.5))
    entries = (audit("w", np.ones((3, 3))), audit("b", np.array([np.nan, np.inf])))
    for found in (PROBE, STEPPED):
        check(plain(found))
        more = {"problems": problems, "cure": cure, "parameters": entries, "zeros": ("a",), "notes": ("A note.",)}
        check(plain(type(found)(**(vars(found) | more | {"rows": (A,), "times": (("rnn", (1.0, 0.5)),)}))))


def test_files(capsys, tmp_path):
    check(plain(inventory("w.npz", {"a": np.array([np.inf]), "b": np.ones((2, 3, 4))}, "why")))
    np.savez(tmp_path / "w.npz", **{"fc1.weight": np.eye(5, 3), "fc2.weight": np.eye(2, 5)})
    main(["diagnose", str(tmp_path / "w.npz"), "--json"])
    VALIDATOR.validate(json.loads(capsys.readouterr().out))
    np.savez(tmp_path / "w.npz", conv=np.ones((2, 3, 4)))
    main(["diagnose", str(tmp_path / "w.npz"), "--json"])
    record = json.loads(capsys.readouterr().out)
    VALIDATOR.validate(record)
    assert (record["subject"], record["meaning"], record["problems"]) == ("tensors", None, [])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda record: record.pop("verdict"),
        lambda record: record.pop("theory"),
        lambda record: record.update(more=1),
        lambda record: record.update(schema=2),
        lambda record: record.update(subject="model"),
        lambda record: record.update(ok=None),
        lambda record: record["problems"][0].update(kind="a new kind"),
        lambda record: record["problems"][0].update(weight="9"),
        lambda record: record["theory"].update(chi=1.0),
        lambda record: record["spec"].update(widths=[8, 2.5]),
        lambda record: record["advice"]["recipe"].pop("keras"),
        lambda record: record["meaning"].pop("sure"),
    ],
)
def test_what_is_no_such_record_is_refused(spoil):
    record = copy.deepcopy(json.loads(json.dumps(plain(diagnose(Spec((16, *[16] * 9, 4), scheme="normal"), seeds=1)))))
    VALIDATOR.validate(record)
    spoil(record)
    assert not VALIDATOR.is_valid(record)
