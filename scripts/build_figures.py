"""Make the figures outside a site build: `python scripts/build_figures.py [NAME…]`.

Leaves SVG and CSV in `build/figures/`.
"""

import shutil
import sys
from pathlib import Path


def main() -> int:
    """Make the figures that are stale, all or those named, and copy them out of the store."""
    # Python puts the folder of a script on its path, here `scripts/`; the package `scripts` lies one above.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from scripts import make, store

    names = sys.argv[1:]
    failed = make.main(names, kinds=["figures"])
    target = store.ROOT / "build" / "figures"
    target.mkdir(parents=True, exist_ok=True)
    for job in store.jobs(["figures"]):
        folder = store.find(job)
        if folder is not None and (not names or job.name in names):
            for suffix in (".svg", ".csv"):
                print(Path(shutil.copy(folder / f"{job.name}{suffix}", target)).relative_to(store.ROOT))
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
