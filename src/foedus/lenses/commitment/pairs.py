"""A threat and an assurance of one actor to another, when one thing makes the first credible and the second doubtful.

Power makes threats credible and assurances doubtful: who can punish can also punish the one who complied (Cebul,
Dafoe and Monteiro 2021). One assumption, ``power`` from 0 to 1, ties the two: an empty threat costs 2 x power times
what is written, an empty assurance 2 x (1 - power) times; at one half both are as written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

    from foedus.lenses.bench import Bench, Setting
    from foedus.scenario.schema import Scenario

POWER = (0.1, 0.3, 0.5, 0.7, 0.9)
TEXTS = {"clear": 0.25, "as written": 1.0}
WORDS = ("both", "threat alone", "assurance alone", "neither")


def pairs(scenario: Scenario) -> list[tuple[str, str]]:
    """(threat, assurance) by the same actor to some same party."""
    kinds: dict[str, list[str]] = {"threat": [], "assurance": []}
    for name, commitment in scenario.commitments.items():
        if commitment.kind in kinds:
            kinds[commitment.kind].append(name)
    written = scenario.commitments
    return [
        (threat, assurance)
        for threat in kinds["threat"]
        for assurance in kinds["assurance"]
        if written[threat].from_ == written[assurance].from_ and set(written[threat].to) & set(written[assurance].to)
    ]


def paired(bench: Bench) -> xr.Dataset:
    """``pair_prob`` and ``pair_value`` [world, pair, text, power, outcome or actor], and ``word_prob`` and
    ``word_value`` [world, pair, word, ...] with both words, either alone or neither, at the power of one half.

    NaN where no policy that was tried brings both into force.
    """
    import xarray as xr

    found = pairs(bench.scenario)
    outcomes, actors, worlds = list(bench.outcomes), list(bench.scenario.actors), len(bench.weights)
    grid, under = (worlds, len(found), len(TEXTS), len(POWER)), []
    sizes = {"prob": len(outcomes), "value": len(actors)}
    tied = {kind: np.full((*grid, size), np.nan) for kind, size in sizes.items()}
    words = {kind: np.full((worlds, len(found), len(WORDS), size), np.nan) for kind, size in sizes.items()}
    for i, names in enumerate(found):
        policy = bench.together(names)
        under.append(policy or "")
        if policy is None:
            continue
        batch = bench.solve(policy, [*_grid(bench, *names), *_words(bench, *names)])
        for s in range(len(TEXTS) * len(POWER) + len(WORDS)):
            parts = bench.read(names[0], batch, s)
            for kind in sizes:
                if s < len(TEXTS) * len(POWER):
                    tied[kind][:, i, s // len(POWER), s % len(POWER)] = parts[kind]
                else:
                    words[kind][:, i, s - len(TEXTS) * len(POWER)] = parts[kind]
    coords = {
        "pair": [" and ".join(names) for names in found],
        "text": list(TEXTS),
        "power": list(POWER),
        "word": list(WORDS),
        "outcome": outcomes,
        "actor": actors,
        "pair_under": (("pair",), under),
    }
    last = {"prob": "outcome", "value": "actor"}
    arrays: dict[str, Any] = {
        f"pair_{kind}": (("world", "pair", "text", "power", last[kind]), tied[kind]) for kind in sizes
    }
    arrays |= {f"word_{kind}": (("world", "pair", "word", last[kind]), words[kind]) for kind in sizes}
    return xr.Dataset(arrays, coords=coords)


def _grid(bench: Bench, threat: str, assurance: str) -> list[Setting]:
    from foedus.lenses.bench import Setting

    one, two = bench.made.dials[threat], bench.made.dials[assurance]
    return [
        Setting(
            "",
            {**_text(bench, threat, k), **_text(bench, assurance, k), one.cost: 2 * power, two.cost: 2 * (1 - power)},
        )
        for k in TEXTS.values()
        for power in POWER
    ]


def _text(bench: Bench, name: str, k: float) -> dict[str, float]:
    """The dials of a text; a bright line is as clear as can be."""
    return {} if bench.dial(name) == "added" else bench.blurred(name, k)


def _words(bench: Bench, threat: str, assurance: str) -> list[Setting]:
    from foedus.lenses.bench import Setting

    one, two = bench.made.dials[threat].force, bench.made.dials[assurance].force
    return [Setting("", {one: a, two: b}) for a, b in ((1, 1), (1, 0), (0, 1), (0, 0))]
