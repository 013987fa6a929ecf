"""What a promise or a threat does, to whom, and how clear and how costly to break each party would have it.

Every commitment is compared with its own absence: the same game in which it is in force in nobody's belief. By the
terms of the literature: *emboldening* (moral hazard: Benson 2012; Benson, Meirowitz and Ramsay 2014) is by how much
oftener the party to which the word is given raises severity by its own moves, for each occasion on which it could; *caution*
by how much less often the others do (deterrence: Schelling 1966; Fearon 1997). Why help that was promised comes or does not
(fulfilment, entanglement, entrapment, abandonment: Snyder 1984; Kim 2011) is told by ``drawn_in``.

Sweeps over vagueness come twice: as they are, and with the line moved so that on average, over the severities at
which the clause is read, it applies as often as it does now (`odds`). What differs between the two is the *level*,
what is left is the *spread*. The *reading* is what goes when parties judge the clause alike. Worlds, grid points
and readings are one batch of one compiled game.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import count

import numpy as np

from foedus.arraytypes import Dataset, Floats
from foedus.lenses.commitment.alterations import ALTERATIONS, CommitmentText, labels
from foedus.lenses.commitment.drawn_in import Answered, answers
from foedus.lenses.commitment.pairs import paired, pairs
from foedus.lenses.counterfactuals import Counterfactuals, SolvedBatch
from foedus.lenses.dials import Count, could_by, movers, raised_by, raises_by
from foedus.runs.result import Run
from foedus.scenario.commitments import Deed


class Raising(StrEnum):
    """Whose moves raise the severity."""

    ADDRESSEE = "addressee"
    OBLIGOR = "obligor"
    OTHERS = "others"

    @property
    def times(self) -> str:
        """The measure of how often they do."""
        return f"{self}_raises"

    @property
    def chances(self) -> str:
        """The measure of how often they could: the occasions on which they choose among actions one of which may."""
        return f"{self}_could"


MEASURES = [*map(str, Count), *map(str, Raising), *(who.times for who in Raising), *(who.chances for who in Raising)]
LAST = {"amount": "measure", "prob": "outcome", "value": "actor"}  # the last dim of each variable


def look(run: Run, policy: str) -> Dataset:
    """Effects and curves of every commitment, on few worlds that stand for the run's posterior.

    ``amount`` [world, commitment, setting, measure] holds expected times over the reported periods, and for
    ``addressee``, ``obligor`` and ``others`` the steps of severity raised by their own moves (with ``_raises`` the times that
    they raise it, with ``_could`` the occasions on which they could); ``prob`` the
    probability by the end; ``value`` what each actor gets, discounted, at true odds. A setting is a ``dial`` and its
    ``factor`` (see ``alterations``; ``setting`` picks one). A commitment is looked ``under`` a policy, and its text
    ``made_vaguer`` in a way of its own. NaN where a setting has no meaning or a commitment is in force under no policy
    that was tried. ``answered`` [world, commitment, why] are the times that help comes or does not, by reason (see
    ``drawn_in``), as things are; NaN for words that promise no help.
    """
    import xarray as xr

    scenario, names = run.scenario, list(run.scenario.commitments)
    attrs = {"policy": policy, "worlds": 0, "periods": len(run.periods)}
    if not names:
        return xr.Dataset(coords={"commitment": []}, attrs=attrs)
    games = Counterfactuals(run, policy)
    texts = {name: CommitmentText(games, name) for name in names}
    under = {name: games.in_force_under([name]) for name in names}
    coords = {
        "measure": MEASURES,
        "outcome": list(games.outcomes),
        "actor": list(scenario.actors),
        **labels(),
        "commitment": names,
        "under": ("commitment", [under[name] or "" for name in names]),
        "made_vaguer": ("commitment", [str(text.blur) for text in texts.values()]),
    }
    shape = (len(games.weights), len(names), len(ALTERATIONS))
    arrays = {kind: np.full((*shape, len(coords[dim])), np.nan) for kind, dim in LAST.items()}
    for where in dict.fromkeys(where for where in under.values() if where is not None):
        _fill(arrays, games, where, {name: texts[name] for name in names if under[name] == where})
    drawn_in = np.full((len(games.weights), len(names), len(Answered)), np.nan)
    for column, name in enumerate(names):
        if under[name] is not None and scenario.commitments[name].deed is Deed.HELP:
            drawn_in[:, column] = answers(scenario, name, str(under[name]), games.draws)
    coords["why"] = list(map(str, Answered))
    variables = {kind: (("world", "commitment", "setting", LAST[kind]), values) for kind, values in arrays.items()}
    attrs |= {"worlds": len(games.weights), "periods": scenario.horizon.periods}
    by_world = {"answered": (("world", "commitment", "why"), drawn_in), "weight": ("world", games.weights)}
    data = xr.Dataset(variables | by_world, coords, attrs)
    return data.merge(paired(games)) if pairs(scenario) else data


def _fill(arrays: dict[str, Floats], games: Counterfactuals, policy: str, texts: dict[str, CommitmentText]) -> None:
    """Solves everything that is asked about some commitments under a policy, in one batch, and writes it down."""
    asked = {name: text.alterations(policy) for name, text in texts.items()}
    base, place = games.base(policy), count()
    solved = games.solve(policy, [dials for settings in asked.values() for dials in settings.values() if dials])
    for name, settings in asked.items():
        still, moved = _effects(games, name, base), _effects(games, name, solved)
        column = list(games.scenario.commitments).index(name)
        for alteration, dials in settings.items():
            effects, at = (moved, next(place)) if dials else (still, 0)
            for kind, values in arrays.items():
                values[:, column, ALTERATIONS.index(alteration)] = effects[kind][at]


def _effects(games: Counterfactuals, name: str, batch: SolvedBatch) -> dict[str, Floats]:
    """Measures, outcomes and values, [setting, world, ...] each."""
    commitment = games.scenario.commitments[name]
    moving = movers(games.scenario)
    addressees = [actor for actor in commitment.to if actor != commitment.from_ and actor in moving]
    obligor = [actor for actor in moving if actor == commitment.from_]
    others = [actor for actor in moving if actor not in (commitment.from_, *commitment.to)]

    def together(of: Callable[[str], str], actors: Sequence[str]) -> Floats:
        return sum((batch.count(name, of(a)) for a in actors), np.zeros(batch.outcomes.shape[:2]))

    counts = [batch.count(name, what) for what in Count]
    counts += [together(of, who) for of in (raised_by, raises_by, could_by) for who in (addressees, obligor, others)]
    return {"amount": np.stack(counts, axis=2), "prob": batch.outcomes, "value": batch.values}
