"""Copies the digits from scikit-learn: `pip install scikit-learn`, then `python -m scripts.maintain.fetch_digits`.

The result is in the repository. This script is kept to show where it came from.
"""

import hashlib
from importlib import resources

from scripts.store import ROOT
from wi_docs.experiments import digits

if __name__ == "__main__":
    content = (resources.files("sklearn.datasets") / "data" / "digits.csv.gz").read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != digits.SHA256:
        raise SystemExit(f"this scikit-learn carries other digits: sha256 {found}, expected {digits.SHA256}")
    target = ROOT / "wi_docs" / "data" / "digits.csv.gz"
    target.write_bytes(content)
    print(f"wrote {target.name}: {len(content):,} bytes")
