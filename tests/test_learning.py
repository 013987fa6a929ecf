"""What observations teach: against exact posteriors, and against histories whose truth is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from foedus.arraytypes import Floats
from foedus.errors import FoedusError
from foedus.record.learned import in_order, learning
from foedus.runs.finish import learned_in
from foedus.runs.local import run
from foedus.scenario.schema import Scenario
from foedus.worlds.posterior import Posterior, posterior_worlds
from foedus.worlds.smc import Unit, smc

ERROR = 0.1


def pressing(months: int, actors: int = 1, spread: float = 1.0) -> dict[str, Any]:
    """Each month every actor pushes or holds (a logit of its gain), and a push raises an alarm by chance."""
    names = [f"a{i}" for i in range(actors)]
    return {
        "horizon": {"periods": months, "beyond": 0},
        "actors": {name: {"precision": 2} for name in names},
        "assumptions": {
            "risk": {"uniform": [0.05, 0.8]},
            **{f"gain_{name}": {"uniform": [-spread, spread]} for name in names},
        },
        "state": {"alarm": {"levels": ["no", "yes"], "start": "no", "within": "period"}},
        "turn": [
            {
                "id": f"press_{name}",
                "decide": name,
                "actions": {
                    "hold": {},
                    "push": {
                        "pays": {name: f"gain_{name}"},
                        "chance": [{"prob": "risk", "then": {"alarm": "yes"}}, {"prob": "rest"}],
                    },
                },
            }
            for name in names
        ],
    }


def pushing(gain: Any) -> Any:
    """The probability of a push, by hand."""
    return 1 / (1 + np.exp(-2 * np.asarray(gain)))


def history(raw: dict[str, Any], truth: dict[str, float], rng: np.random.Generator, error: float = ERROR) -> list[Any]:
    """What is recorded of a world, drawn without the engine: every choice, and whether there was an alarm."""
    seen = []
    for t in range(raw["horizon"]["periods"]):
        alarm = False
        for name in raw["actors"]:
            push = rng.random() < pushing(truth[f"gain_{name}"])
            alarm |= bool(push and rng.random() < truth["risk"])
            told = push != (rng.random() < error)
            seen.append({"at": t, "took": f"press_{name}.{'push' if told else 'hold'}", "error": error})
        told = alarm != (rng.random() < error)
        seen.append({"at": t, "is": f"alarm == {'yes' if told else 'no'}", "error": error})
    return seen


def place(learned: Posterior, name: str, value: float) -> float:
    """Where a value lies in the posterior: the weight of the worlds below it."""
    cloud = learned.posterior
    return float(cloud.weights[cloud.draws[name] < value].sum())


def places(replicates: int, worlds: int, effective: int, resample: bool, precision: float = 2) -> Floats:
    """The truth's place in the posterior of each assumption, in ``replicates`` histories drawn from the prior.

    Choices are made at precision 2, whatever ``precision`` the scenario says.
    """
    raw, found = pressing(months=10), []
    raw["actors"]["a0"]["precision"] = precision
    for k in range(replicates):
        rng = np.random.default_rng([k, 7])
        truth = {"risk": rng.uniform(0.05, 0.8), "gain_a0": rng.uniform(-1, 1)}
        scenario = Scenario.model_validate({**raw, "observations": history(raw, truth, rng)})
        learned = posterior_worlds(scenario, worlds, k, effective, resample, threads=1)
        found.append([place(learned, name, value) for name, value in truth.items()])
    return np.array(found)


def calibrated(found: Floats) -> bool:
    """Simulation-based calibration: places uniform (Cook, Gelman and Rubin 2006; Talts and others 2018), and the
    intervals at 50, 80 and 90% cover the truth as often as a fair coin of that kind would, at one in a thousand."""
    for column in found.T:
        if stats.kstest(np.clip(column, 0, 1), "uniform").pvalue < 0.001:
            return False
        for level in (0.5, 0.8, 0.9):
            inside = int(np.sum(np.abs(column - 0.5) <= level / 2))
            if stats.binomtest(inside, len(column), level).pvalue < 0.001:
                return False
    return True


def test_weighed_worlds_cover_the_truth_at_their_nominal_rate() -> None:
    assert calibrated(places(150, 400, 1, False))


def test_worlds_drawn_anew_cover_the_truth_at_their_nominal_rate() -> None:
    assert calibrated(places(30, 100, 50, True))


def test_a_wrong_likelihood_does_not_pass_as_calibrated() -> None:
    """Choices taken to be twice as precise as they are: posteriors of the gain too near 0, and too narrow."""
    found = places(80, 400, 1, False, precision=4)
    assert not calibrated(found)
    assert calibrated(found[:, :1])  # the risk of an alarm is learned as before


def exact(scenario: Scenario, name: str) -> tuple[float, float]:
    """Posterior mean and standard deviation of an actor's gain from its recorded choices, on a grid."""
    spread = scenario.all_assumptions[f"gain_{name}"].distribution.parameters[1]  # type: ignore[union-attr]
    grid = np.linspace(-spread, spread, 20001)
    told = [o.took[0].endswith("push") for o in scenario.observations if o.took and f"press_{name}." in o.took[0]]
    seen = (1 - ERROR) * pushing(grid) + ERROR * (1 - pushing(grid))
    logs = np.sum(told) * np.log(seen) + (len(told) - np.sum(told)) * np.log(1 - seen)
    density = np.exp(logs - logs.max())
    mean = float(np.sum(density * grid) / density.sum())
    return mean, float(np.sqrt(np.sum(density * (grid - mean) ** 2) / density.sum()))


@pytest.fixture(scope="module")
def collapsed() -> tuple[Scenario, Posterior, dict[str, float]]:
    """Thirty months of six actors, too much for the weights of 5,000 worlds. Alarms are left out: the exact
    posterior of each gain then rests on its own actor's record."""
    raw, rng = pressing(30, actors=6, spread=3), np.random.default_rng(3)
    truth = {"risk": 0.3, **{f"gain_{name}": float(rng.uniform(-1, 1)) for name in raw["actors"]}}
    seen = [o for o in history(raw, truth, rng) if "took" in o]
    scenario = Scenario.model_validate({**raw, "observations": seen})
    return scenario, posterior_worlds(scenario, 5000, 0, 600, threads=1), truth


def test_thirty_months_leave_more_than_500_of_5000_worlds(
    collapsed: tuple[Scenario, Posterior, dict[str, float]],
) -> None:
    scenario, learned, truth = collapsed
    assert learned.weighted.effective < 100
    assert learned.posterior.effective > 500
    for name in scenario.actors:
        mean, sd = exact(scenario, name)
        draws = learned.posterior.draws[f"gain_{name}"]
        assert abs(draws.mean() - mean) < 4 * sd / np.sqrt(500)
        assert draws.std() == pytest.approx(sd, rel=4 / np.sqrt(2 * 500))
    inside = sum(0.005 < place(learned, name, value) < 0.995 for name, value in truth.items())
    assert inside >= len(truth) - 1


def test_what_observations_moved_adds_up(collapsed: tuple[Scenario, Posterior, dict[str, float]]) -> None:
    scenario, learned, _ = collapsed
    found = learning(scenario, learned)
    np.testing.assert_allclose(found.moved.sum("observation"), found["shift"], atol=4 * 0.29 / np.sqrt(500))
    assert found.attrs["least_effective"] > 15
    order = in_order(scenario)
    for k, name in ((0, "a0"), (31, "a1"), (179, "a5")):
        assert f"press_{name}." in scenario.observations[order[k]].took[0]  # type: ignore[index]
        assert str(found.assumption[int(np.abs(found.moved.values[k]).argmax())].values) == f"gain_{name}"
    assert found.attrs["resampled"] == 1200
    # independent actors: what is learned of all is what is learned of each
    gains = found.bits.sel(assumption=[f"gain_{name}" for name in scenario.actors])
    assert found.attrs["bits"] == pytest.approx(float(gains.sum()), rel=0.15)
    assert found.bits.sel(assumption="risk") < 0.01 and not found.beyond_chance.sel(assumption="risk")
    assert found.beyond_chance.sel(assumption=gains.assumption).all()


def test_the_report_of_a_run_agrees_with_bayes_rule_by_hand() -> None:
    raw = pressing(2)
    raw["observations"] = [
        {"at": 0, "took": "press_a0.push", "error": ERROR},
        {"at": 1, "is": "alarm == yes", "error": ERROR},
    ]
    made = run(Scenario.model_validate(raw), worlds=300, judge=False, threads=1)
    found = learned_in(made)
    assert found is not None
    p, risk = pushing(made.draws["gain_a0"]), made.draws["risk"]
    first = 0.9 * p + 0.1 * (1 - p)
    second = 0.9 * p * risk + 0.1 * (1 - p * risk)
    np.testing.assert_allclose(made.weights, first * second / np.sum(first * second), rtol=1e-9)
    np.testing.assert_allclose(found.surprise, [-np.log2(first.mean()), -np.log2(np.sum(first * second) / first.sum())])
    unit = (np.argsort(np.argsort(risk)) + 0.5) / 300
    means = [0.5, np.sum(unit * first) / first.sum(), np.sum(unit * first * second) / np.sum(first * second)]
    np.testing.assert_allclose(found.moved.sel(assumption="risk"), np.diff(means), atol=1e-12)
    np.testing.assert_allclose(found.moved.sum("observation"), found["shift"], atol=1e-12)
    after = first * second / np.sum(first * second)
    gained = np.sum(after * np.log2(after / (first / first.sum())))
    assert float(found.learned[1]) == pytest.approx(gained)
    assert found.attrs["bits"] == pytest.approx(np.sum(after * np.log2(after * 300)))


def test_a_resampled_run_knows_both_what_was_before_and_what_is_after(
    collapsed: tuple[Scenario, Posterior, dict[str, float]],
) -> None:
    scenario, _, _ = collapsed
    made = run(scenario, worlds=600, judge=False, resample=True, threads=1)
    plain = run(scenario, worlds=600, judge=False, threads=1)
    assert made.ess > 150 > 20 > plain.ess
    assert made.prior is not None and 1 / np.sum(made.prior**2) > 250
    found = learned_in(made)
    assert found is not None and made.score is not None and plain.score is not None
    for name in scenario.actors:
        mean, sd = exact(scenario, name)
        draws = made.draws[f"gain_{name}"]
        assert abs(made.weights @ draws - mean) < 4 * sd / np.sqrt(150)
        assert abs(made.prior @ draws) < 4 * np.sqrt(3) / np.sqrt(250)
        assert float(found.prior.sel(assumption=f"gain_{name}", quantile=0.5)) == pytest.approx(0, abs=0.4)
    with pytest.raises(FoedusError, match="at least 8 worlds"):
        run(scenario, worlds=7, resample=True)


def test_smc_finds_a_correlated_normal_posterior_and_its_evidence() -> None:
    """The sum of five standard normals, seen once with a small error: known mean, variance and evidence."""
    names, sd = [f"x{i}" for i in range(5)], 0.2

    def loglik(unit: Unit) -> Floats:
        total = np.sum([stats.norm.ppf(unit[name]) for name in names], axis=0)
        return np.asarray(stats.norm.logpdf(3.0, total, sd))

    found = smc(loglik, names, 1500, seed=1)
    z = np.stack([stats.norm.ppf(found.unit[name]) for name in names])
    mean, variance = 3 / (5 + sd**2), 1 - 1 / (5 + sd**2)
    np.testing.assert_allclose(z.mean(axis=1), mean, atol=4 * np.sqrt(variance / 500))
    np.testing.assert_allclose(z.var(axis=1), variance, rtol=0.2)
    assert z.sum(axis=0).std() == pytest.approx(np.sqrt(5 * sd**2 / (5 + sd**2)), rel=0.15)
    assert found.log_evidence == pytest.approx(stats.norm.logpdf(3.0, 0, np.sqrt(5 + sd**2)), abs=0.25)
    assert found.effective > 500


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda raw: raw.pop("observations"), "no 'observations'"),
        (lambda raw: raw.update(assumptions={"risk": 0.3, "gain_a0": 0.5}), "no assumption is uncertain"),
        (
            lambda raw: raw.update(
                observations=[{"at": 0, "took": "press_a0.push"}, {"at": 0, "took": "press_a0.hold"}]
            ),
            "no world can produce",
        ),
    ],
)
def test_what_cannot_be_learned_from_is_said_in_words(change: Change, match: str) -> None:
    raw = pressing(2)
    raw["observations"] = [{"at": 0, "took": "press_a0.push", "error": ERROR}]
    change(raw)
    with pytest.raises(FoedusError, match=match):
        posterior_worlds(Scenario.model_validate(raw), 10, threads=1)
