"""The result of a run: labelled by world, policy, period, outcome, action, actor, objective and reading."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from foedus.arraytypes import Floats
from foedus.claims.reading import ParsedReading, under
from foedus.claims.verdict import Claims, OutcomeDriver
from foedus.errors import FoedusError
from foedus.game.compile import Game
from foedus.present.wording import cautions, thin
from foedus.record.score import TrackRecord
from foedus.runs.growth import Growth
from foedus.scenario.names import Names
from foedus.scenario.query import parse_reading, queries_of
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import query_scope
from foedus.worlds.sample import uncertain
from foedus.worlds.simulate import simulate
from foedus.worlds.thresholds import ENOUGH_WORLDS, LEAST_EFFECTIVE_SHARE, SMALL_GAME, SUBSET
from foedus.worlds.weights import carrying, ess, mean, means, normalised, standing_for, weighted_quantile

if TYPE_CHECKING:
    import xarray as xr


LOADED = 128 * 2**20  # bytes of labelled results that a run holds in memory; larger ones stay on the disk


@dataclass
class GameSize:
    """How large a compiled game is, a period."""

    states_start: int
    nodes: int
    branches: int
    actions: int
    coefficients: int
    bytes_per_world: int

    @classmethod
    def of(cls, game: Game) -> GameSize:
        """The size of a compiled game."""
        sizes = game.start_states, game.nodes, game.branches, game.actions, len(game.program.trees)
        return cls(*sizes, game.bytes_per_world)

    def quick_look(self, worlds: int) -> bool:
        """Whether so few worlds of so large a game are a quick look, which leaves out what takes long."""
        return worlds < ENOUGH_WORLDS and self.branches > SMALL_GAME


@dataclass(repr=False)
class Run:
    """A finished run. ``data`` is labelled by world, policy, period, outcome, action, actor, objective, reading.

    Where there are observations it also holds, by world, period and outcome, under the factual policy and given all that was
    observed (NaN before the last observed period): ``outcome_by_given``, whether it has happened by then; ``outcome_ahead``,
    whether it happens after the last observed period and by then; ``outcome_at_given``, whether it holds then.
    """

    scenario: Scenario
    draws: dict[str, Floats]
    weights: Floats
    ess: float
    observed: bool
    loglik_by_observation: Floats | None  # [observation, world] what each adds, given those before
    policies: list[str]
    periods: list[str]
    data: xr.Dataset
    claims: Claims
    sweep: xr.Dataset
    drivers: list[OutcomeDriver]
    game: GameSize
    meta: dict[str, Any] = field(default_factory=dict)
    score: TrackRecord | None = None
    learned: xr.Dataset | None = None
    prior: Floats | None = None  # weights of worlds before the observations; None: all alike
    growth: Growth | None = None  # why there are no more worlds, where there were to be as many as are needed
    lenses: dict[str, xr.Dataset] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    solved: int = 0  # pieces solved in this go, of a run that is kept in a directory
    _means: dict[tuple[str, str], xr.DataArray] = field(default_factory=dict, init=False, repr=False)

    @property
    def thin(self) -> str:
        """What is said where the observations leave few worlds that carry all weight; nothing elsewhere."""
        worlds = len(self.weights)
        if not self.observed or self.ess >= LEAST_EFFECTIVE_SHARE * worlds:
            return ""
        return thin(self.ess, worlds, carrying(self.weights, 0.9))

    def __post_init__(self) -> None:
        """``data`` says by itself what its worlds are and what they were made from."""
        if "world" not in self.data.dims:
            return
        count = len(self.weights)
        about: dict[str, Any] = {key: self.meta[key] for key in ("version", "hash", "seed") if key in self.meta}
        if {"worlds", "seed", "method"} <= self.meta.keys():
            about["command"] = "foedus run SCENARIO --worlds {worlds} --seed {seed} --method {method}".format(
                **self.meta
            )
        self.data = (
            self.data.assign(
                weight=("world", self.weights),
                prior_weight=("world", normalised(self.prior, count)),
                draw=(
                    ("assumption", "world"),
                    np.array(list(self.draws.values()), float).reshape(len(self.draws), count),
                ),
            )
            .assign_coords(assumption=list(self.draws))
            .assign_attrs(about)
        )

    @property
    def warnings(self) -> list[str]:
        """What a reader must know before using the numbers."""
        turning = [Names(self.scenario).claim(claim.id) for claim in self.claims if claim.warning]
        return cautions(not uncertain(self.scenario), self.thin, turning)

    def few(self, most: int = SUBSET) -> Run:
        """The same run on at most ``most`` worlds that stand for all, for what is too slow in every world.

        Those of ``weights.standing_for``.
        """
        if len(self.weights) <= most:
            return self
        chosen, weights = standing_for(self.weights, most)
        draws, data = {name: draw[chosen] for name, draw in self.draws.items()}, self.data.isel(world=chosen)
        return replace(
            self, draws=draws, data=data, loglik_by_observation=None, prior=None, weights=weights, ess=ess(weights)
        )

    @property
    def large(self) -> bool:
        """Whether the results by world are too large to be held in memory, or in one file."""
        return int(self.data.nbytes) > LOADED

    def mean(self, variable: str, policy: str) -> xr.DataArray:
        """The posterior mean of a variable of ``data`` over the worlds where it is defined. Read a block of worlds at a
        time, so that it may be larger than memory."""
        key = variable, policy
        if key not in self._means:
            self._means[key] = means(self.data[variable].sel(policy=policy), self.weights)
        return self._means[key]

    def prob(self, event: str, **options: Any) -> xr.DataArray:
        """The probability of an event as a query writes it: ``r.prob("eventually(tension >= war)")``. Options are those
        of the language: ``under``, ``given``, ``at``, ``during``, ``from_``."""
        return self.ask("prob", event, **options)

    def ask(self, kind: str, *subject: str, **options: Any) -> xr.DataArray:
        """Whatever a claim may ask, solved anew in the run's worlds: labelled (policy, world).

        Either a query in parts, ``r.ask("rate", "war == attack", under="pact")``, or an expression as claims write it,
        ``r.ask("expect(ally, under='pact') - expect(ally)")``, in which queries that name no policy are asked under each in turn. A yes or no
        counts as 1 or 0. Worlds in which it is undefined are NaN. With each policy come the ``mean``, ``low`` and ``high`` (its 5% and 95%
        quantiles) over the worlds in which it is defined, by their ``weight``. ExpressionError where it cannot be read.
        """
        import xarray as xr

        given = {key: value.item() if isinstance(value, np.generic) else value for key, value in options.items()}
        text = kind
        if subject or given or "(" not in kind:
            text = f"{kind}({', '.join([*map(str, subject), *(f'{key}={value!r}' for key, value in given.items())])})"
        tree = parse_reading(text, query_scope(self.scenario))
        if not queries_of(tree):
            raise FoedusError(
                f"'{text}' asks nothing of the game. Write a query, as in prob(eventually(tension >= war))."
            )
        named = list(dict.fromkeys(query.under for query in queries_of(tree) if query.under))
        everywhere = all(query.under for query in queries_of(tree))  # then it is the same whatever the policy
        policies = named[:1] if everywhere else self.policies
        readings = [
            ParsedReading("", policy, text, at, tuple(queries_of(at)))
            for policy in policies
            for at in [under(tree, policy)]
        ]
        queries = list(dict.fromkeys(query for reading in readings for query in reading.queries))
        asked = list(dict.fromkeys(str(query.under) for query in queries))
        result = simulate(self.scenario, self.draws, asked, queries, observe=False).query
        answers = {query: result[str(query.under)][i] for i, query in enumerate(queries)}
        values = np.stack([reading.value(answers, self.draws, len(self.weights)) for reading in readings])
        known = [~np.isnan(row) for row in values]
        told = [
            weighted_quantile(row[at], [0.05, 0.95], self.weights[at]) if at.any() else [np.nan] * 2
            for row, at in zip(values, known, strict=True)
        ]
        averages = [
            mean(row[at], self.weights[at]) if at.any() else np.nan for row, at in zip(values, known, strict=True)
        ]
        low, high = np.array(told, float).T
        summary = {"mean": ("policy", averages), "low": ("policy", low), "high": ("policy", high)}
        coords = {"policy": policies, "weight": ("world", self.weights), **summary}
        return xr.DataArray(values, dims=("policy", "world"), coords=coords, name=text)

    def __repr__(self) -> str:
        counts = f"worlds: {len(self.weights)}, policies: {len(self.policies)}, claims: {len(self.claims)}"
        return f"Run({self.scenario.title!r}, {counts})"

    def _repr_html_(self) -> str:
        head = f"<b>{escape(self.scenario.title)}</b>, {len(self.weights)} worlds, {len(self.policies)} policies"
        return head + Claims(self.claims)._repr_html_()
