"""Plant faults, print what noticed, and return how many claims should have and did not."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.faults import FAULTS, failing


def main(words: list[str]) -> int:
    """Plant the faults that have one of the words in their description, or all."""
    chosen = [fault for fault in FAULTS if not words or any(word in fault.what for word in words)]
    missed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # each runs in processes of its own
        found = pool.map(lambda fault: failing(fault, list(fault.noticed_by)), chosen)
        for number, (fault, failed) in enumerate(zip(chosen, found, strict=True), start=1):
            silent = [name for name in fault.noticed_by if name not in failed]
            missed += len(silent)
            verdict = f"NOT noticed by {', '.join(silent)}" if silent else f"noticed by {', '.join(fault.noticed_by)}"
            print(f"[{number}/{len(chosen)}] {fault.what}: {verdict}", flush=True)
    return missed


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
