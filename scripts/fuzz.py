"""Spoil shipped scenarios, conflicts, queries and commands for as long as asked, and tell what is not met with words.

    python scripts/fuzz.py --minutes 30 [--seed 7]

Each case is made from a seed of its own, which is printed where something is wrong: run it again with --only KIND:SEED. What
spoils, and what must come of it, is in ``tests/fuzzing.py``.
"""

from __future__ import annotations

import argparse
import importlib
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
fuzzing = importlib.import_module("fuzzing")
SLOW = 60.0  # seconds of work that a case may take, as where kernels are compiled first; those above are told too
SHARES = {"scenario": 4, "conflict": 2, "query": 4, "command": 1}


def once(kind: str, rng: random.Random, folder: Path) -> str:
    """Makes one case and tells what became of it."""
    if kind == "scenario":
        name, source = fuzzing.spoilt(rng)
        return str(fuzzing.outcome(source, name not in fuzzing.LARGE and rng.random() < 0.02))
    if kind == "conflict":
        return str(fuzzing.conflict_outcome(fuzzing.spoilt_conflict(rng)[1]))
    if kind == "query":
        return str(fuzzing.query_outcome(*fuzzing.spoilt_query(rng), rng))
    return str(fuzzing.command_outcome(fuzzing.spoilt_command(rng, folder)))


def tried(kind: str, seed: int, folder: Path) -> tuple[str, bool]:
    """What became of a case, and whether that is a fault; a fault is printed with the way to it."""
    began = time.process_time()
    try:
        became = once(kind, random.Random(f"{kind}:{seed}"), folder)
    except Exception:
        print(f"\nFAULT --only {kind}:{seed}\n{traceback.format_exc(limit=-6)}", flush=True)
        return "FAULT", True
    if (took := time.process_time() - began) > SLOW:
        print(f"\nSLOW --only {kind}:{seed}: {took:.0f} s", flush=True)
        return "SLOW", True
    return became, False


def main() -> int:
    """Reads the arguments and goes on until the time is up; 1 if there was a fault."""
    reader = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    reader.add_argument("--minutes", type=float, default=5.0)
    reader.add_argument("--seed", type=int, default=0, help="where to begin")
    reader.add_argument("--only", help="one case, as KIND:SEED")
    given = reader.parse_args()
    count, faults = Counter[str](), 0
    with tempfile.TemporaryDirectory() as folder:
        if given.only:
            kind, seed = given.only.split(":")
            return int(tried(kind, int(seed), Path(folder))[1])
        until, seed = time.monotonic() + 60 * given.minutes, given.seed
        while time.monotonic() < until:
            for kind in (kind for kind, share in SHARES.items() for _ in range(share)):
                became, fault = tried(kind, seed, Path(folder))
                count[f"{kind}: {became}"] += 1
                faults += fault
                seed += 1
    print("\n".join(f"{number:>8}  {what}" for what, number in sorted(count.items())))
    print(f"{sum(count.values())} cases, {faults} faults.")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
