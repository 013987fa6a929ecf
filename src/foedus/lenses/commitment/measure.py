"""What a promise or a threat does, to whom, and how clear and how costly to break each party would have it.

Every commitment is compared with its own absence: the same game in which it is in force in nobody's belief. By the
terms of the literature: *emboldening* (moral hazard: Benson 2012; Benson, Meirowitz and Ramsay 2014) is by how much
more the party to which the word is given raises severity by its own moves; *caution* by how much less the others
do (deterrence: Schelling 1966; Fearon 1997); *entrapment* how much oftener the obligor answers as expected, and
*abandonment* how often the clause applied and it fell short (Snyder 1984).

Sweeps over vagueness come twice: as they are, and with the line moved so that on average, over the severities at
which the clause is read, it applies as often as it does now (`odds`). What differs between the two is the *level*,
what is left is the *spread*. The *reading* is what goes when parties judge the clause alike. Worlds, grid points
and readings are one batch of one compiled game.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from foedus.arraytypes import Floats
from foedus.lenses.bench import CREDIBILITY, MEASURES, VAGUENESS, Bench
from foedus.lenses.commitment.pairs import paired, pairs

if TYPE_CHECKING:
    import xarray as xr

    from foedus.runs.result import Run


def look(run: Run, policy: str) -> xr.Dataset:
    """Effects and curves of every commitment, on few worlds that stand for the run's posterior.

    ``amount`` [world, commitment, setting, measure] holds expected times over the reported periods, and for
    ``addressee``, ``obligor`` and ``others`` the steps of severity raised by their own moves; ``prob`` the
    probability by the end; ``value`` what each actor gets, discounted, at true odds. Settings are ``as_is``,
    ``off``, ``vague k``, ``odds k`` and ``cost m`` (multiples), ``no_hidden``, ``no_open`` and ``no_interval``.
    NaN where a setting has no meaning or a commitment is in force under no policy that was tried.
    """
    scenario = run.scenario
    if not scenario.commitments:
        return _empty(run, policy)
    bench = Bench(run, policy)
    names = list(scenario.commitments)
    settings = ["as_is", "off", *(f"vague {k:g}" for k in VAGUENESS), *(f"odds {k:g}" for k in VAGUENESS)]
    settings += [*(f"cost {m:g}" for m in CREDIBILITY), "no_hidden", "no_open", "no_interval"]
    found = {name: bench.under(name) for name in names}
    groups: dict[str, list[str]] = {}
    for name, where in found.items():
        if where is not None:
            groups.setdefault(where, []).append(name)
    shape = (len(bench.weights), len(names), len(settings))
    sizes = {"amount": len(MEASURES), "prob": len(bench.outcomes), "value": len(scenario.actors)}
    arrays = {kind: np.full((*shape, size), np.nan) for kind, size in sizes.items()}
    for where, group in groups.items():
        wanted = {name: bench.settings(name, where) for name in group}
        base = bench.base(where)
        solved = bench.solve(where, [s for made in wanted.values() for s in made])
        at = 0
        for name in group:
            c = names.index(name)
            kinds = {setting.name.split()[0] for setting in wanted[name]}
            at_rest = {"vague": bench.written(name), "odds": 1.0, "cost": 1.0}
            for same in ("as_is", *(f"{kind} {k:g}" for kind, k in at_rest.items() if kind in kinds)):
                _put(arrays, c, settings.index(same), bench.read(name, base, 0))
            for setting in wanted[name]:
                _put(arrays, c, settings.index(setting.name), bench.read(name, solved, at))
                at += 1
    data = _labelled(bench, arrays, names, settings, found, policy)
    return data.merge(paired(bench)) if pairs(scenario) else data


def _put(arrays: Mapping[str, Floats], c: int, s: int, parts: Mapping[str, Floats]) -> None:
    for kind, values in parts.items():
        arrays[kind][:, c, s] = values


def _labelled(
    bench: Bench,
    arrays: Mapping[str, Floats],
    names: Sequence[str],
    settings: Sequence[str],
    found: Mapping[str, str | None],
    policy: str,
) -> xr.Dataset:
    """The result with its labels."""
    import xarray as xr

    dims = ("world", "commitment", "setting")
    last = {"amount": "measure", "prob": "outcome", "value": "actor"}
    return xr.Dataset(
        {kind: ((*dims, last[kind]), values) for kind, values in arrays.items()}
        | {"weight": (("world",), bench.weights)},
        coords={
            "commitment": list(names),
            "setting": list(settings),
            "measure": list(MEASURES),
            "outcome": list(bench.outcomes),
            "actor": list(bench.scenario.actors),
            "under": (("commitment",), [found[name] or "" for name in names]),
            "dial": (("commitment",), [bench.dial(name) for name in names]),
        },
        attrs={"policy": policy, "worlds": len(bench.weights), "periods": bench.scenario.horizon.periods},
    )


def _empty(run: Run, policy: str) -> xr.Dataset:
    import xarray as xr

    return xr.Dataset(coords={"commitment": []}, attrs={"policy": policy, "worlds": 0, "periods": len(run.periods)})
