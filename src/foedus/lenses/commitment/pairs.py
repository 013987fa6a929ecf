"""A threat and an assurance of one actor to another, when one thing makes the first credible and the second doubtful.

Power makes threats credible and assurances doubtful: who can punish can also punish the one who complied (Cebul,
Dafoe and Monteiro 2021). One assumption, ``power`` from 0 to 1, ties the two: an empty threat costs 2 x power times
what is written, an empty assurance 2 x (1 - power) times; at one half both are as written.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np

from foedus.arraytypes import Dataset, Floats
from foedus.lenses.commitment.alterations import Blur, CommitmentText
from foedus.lenses.counterfactuals import Counterfactuals, DialValues
from foedus.scenario.commitments import CommitmentKind
from foedus.scenario.schema import Scenario

POWER = (0.1, 0.3, 0.5, 0.7, 0.9)
TEXTS = {"clear": 0.25, "as written": 1.0}  # how vague
WORDS = {"both": (1, 1), "threat alone": (1, 0), "assurance alone": (0, 1), "neither": (0, 0)}  # which are in force


class Pair(NamedTuple):
    """A threat and an assurance, by the names of the commitments."""

    threat: str
    assurance: str


def pairs(scenario: Scenario) -> list[Pair]:
    """Threats and assurances by the same actor to some same party."""
    written = scenario.commitments
    kinds = CommitmentKind.THREAT, CommitmentKind.ASSURANCE
    named = ([name for name, commitment in written.items() if commitment.kind == kind] for kind in kinds)
    both = [(Pair(t, a), written[t], written[a]) for t, a in product(*named)]
    return [pair for pair, t, a in both if t.from_ == a.from_ and {*t.to} & {*a.to}]


def paired(games: Counterfactuals) -> Dataset:
    """``pair_prob`` and ``pair_value`` [world, pair, text, power, outcome or actor], and ``word_prob`` and
    ``word_value`` [world, pair, word, ...] with both words, either alone or neither, at the power of one half.

    A pair is a ``threat`` and an ``assurance``. NaN where no policy that was tried (``pair_under``) has both in force.
    """
    import xarray as xr

    asked = pairs(games.scenario)
    under = [games.in_force_under(pair) for pair in asked]
    last = {"prob": ("outcome", list(games.outcomes)), "value": ("actor", list(games.scenario.actors))}
    worlds, grid = len(games.weights), (len(TEXTS), len(POWER))
    variables: dict[str, tuple[tuple[str, ...], Floats]] = {}
    for kind, (dim, names) in last.items():
        tied = np.full((worlds, len(asked), *grid, len(names)), np.nan)
        words = np.full((worlds, len(asked), len(WORDS), len(names)), np.nan)
        variables[f"pair_{kind}"] = ("world", "pair", "text", "power", dim), tied
        variables[f"word_{kind}"] = ("world", "pair", "word", dim), words
    for i, (pair, policy) in enumerate(zip(asked, under, strict=True)):
        if policy is None:
            continue
        batch, many = games.solve(policy, _settings(games, pair)), len(TEXTS) * len(POWER)
        for kind, values in (("prob", batch.outcomes), ("value", batch.values)):
            by_world = values.swapaxes(0, 1)
            variables[f"pair_{kind}"][1][:, i] = by_world[:, :many].reshape(worlds, *grid, -1)
            variables[f"word_{kind}"][1][:, i] = by_world[:, many:]
    coords = {
        "threat": ("pair", [pair.threat for pair in asked]),
        "assurance": ("pair", [pair.assurance for pair in asked]),
        "pair_under": ("pair", [policy or "" for policy in under]),
        "text": list(TEXTS),
        "power": list(POWER),
        "word": list(WORDS),
        **dict(last.values()),
    }
    return xr.Dataset(variables, coords=coords)


def _settings(games: Counterfactuals, pair: Pair) -> list[DialValues]:
    """Each text at each power, then both words, either or neither. A bright line is as clear as can be."""
    threat, assurance = (games.dials[name] for name in pair)
    texts = [text for name in pair if (text := CommitmentText(games, name)).blur is not Blur.ADDED]
    settings: list[DialValues] = []
    for k in TEXTS.values():
        vague = {dial: value for text in texts for dial, value in text.blurred(k).items()}
        settings += [{**vague, threat.cost: 2 * power, assurance.cost: 2 * (1 - power)} for power in POWER]
    return settings + [{threat.force: first, assurance.force: second} for first, second in WORDS.values()]
