"""What drives a query or a claim, where that is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from command_line import foedus
from foedus.errors import FoedusError
from foedus.lenses.drivers.measure import local_slopes, region, sobol_indices
from foedus.lenses.drivers.subject import claim_subject, query_subject
from foedus.lenses.drivers.telling import Drivers, drivers_json, drivers_section
from foedus.runs.local import run
from small_policies import coin, dial, pair

WAR = "prob(eventually(war == yes))"


def test_sobol_indices_of_a_known_function() -> None:
    """War has probability (c - 0.3)^2 + x/10: the two variances add up, so each index is a share of their sum."""
    subject = query_subject(dial(), WAR)
    found = sobol_indices(subject, 256)
    c = np.linspace(0, 1, 100001)
    parts = {"c": np.var((c - 0.3) ** 2), "x": 0.01 / 12}
    for name, part in parts.items():
        share = part / sum(parts.values())
        for key in ("first", "total"):
            assert float(found[key].sel(assumption=name)) == pytest.approx(share, abs=0.02)


def test_region_of_a_claim_and_of_a_query() -> None:
    made = run(coin(), worlds=300, policies=[], judge=False)
    fails = region(made, claim_subject(made.scenario, "safer"))
    assert fails.share == pytest.approx(0.4, abs=0.01)
    assert [limit.assumption for limit in fails.box.limits] == ["x"] and fails.box.limits[0].low == pytest.approx(
        0.3, abs=0.01
    )
    high = region(made, query_subject(made.scenario, WAR, "risky"), 0.45)
    assert high.box.limits[0].low == pytest.approx(0.45, abs=0.01) and high.box.limits[0].chance < 0.001


def test_local_slopes_are_exact_and_ranked() -> None:
    made = run(dial(), worlds=40, policies=[], judge=False)
    found = {one.assumption: one for one in local_slopes(made, query_subject(made.scenario, WAR), 40)}
    c = made.draws["c"]
    assert found["c"].slope == pytest.approx(np.mean(2 * (c - 0.3))) and found["x"].slope == pytest.approx(0.1)
    assert found["c"].effect == pytest.approx(found["c"].slope * c.std()) and found["c"].up == pytest.approx(
        (c > 0.3).mean()
    )


def test_arithmetic_of_queries_and_margins_of_claims_have_slopes() -> None:
    scenario = coin()
    draws = run(scenario, worlds=5, policies=[], judge=False).draws
    number, found = query_subject(scenario, f'{WAR[:-1]}, under="risky") - 2 * x * {WAR}').slopes(draws)
    np.testing.assert_allclose(number, draws["x"] - 2 * draws["x"] * 0.3)
    np.testing.assert_allclose(found["x"], 1 - 2 * 0.3)
    margin, slope = claim_subject(scenario, "safer").slopes(draws)
    np.testing.assert_allclose(margin, 0.3 - draws["x"])
    np.testing.assert_allclose(slope["x"], -1.0)


def test_section_says_the_numbers() -> None:
    made = run(coin(), worlds=200, method="lhs", policies=[], judge=False)
    subject = claim_subject(made.scenario, "safer")
    found = Drivers(subject, sobol_indices(subject, 32), region(made, subject), local_slopes(made, subject))
    section = drivers_section(found)
    text = " ".join(section.sentences)
    assert "the risk 99.8%" in text and "It fails in" in text and "the risk is above 0.3" in text
    assert "one standard deviation more changes it by: the risk −0.144" in text
    assert len(section.figures) == 2
    told = json.loads(json.dumps(drivers_json(found, section), allow_nan=False))
    assert told["local"]["x"]["slope"] == pytest.approx(-1) and told["region"]["box"]["limits"][0]["chance"] < 0.01


def test_unknown_things_are_refused() -> None:
    with pytest.raises(FoedusError, match="Did you mean 'safer'"):
        claim_subject(coin(), "safe")
    with pytest.raises(FoedusError, match="not a reading"):
        claim_subject(coin(), "safer", "more")
    with pytest.raises(FoedusError, match="asks nothing"):
        query_subject(coin(), "x + 1")


def test_command_tells_drivers(tmp_path) -> None:
    file = tmp_path / "coin.yaml"
    file.write_text(coin().to_yaml())
    found = json.loads(
        foedus("drivers", str(file), "--claim", "safer", "--points", "16", "--worlds", "60", "--json").stdout
    )
    assert found["sobol"]["x"]["total"] == pytest.approx(1, abs=0.2) and found["local"]["x"]["up"] == 0
    other = tmp_path / "pair.yaml"
    other.write_text(pair().to_yaml())
    for wrong in (
        (str(file),),
        (str(file), "--claim", "safer", "--query", WAR),
        (str(file), "--query", WAR, "--method", "dice"),
        (str(other), "--claim", "safer"),
        (str(file), "--query", WAR, "--points", "3"),
    ):
        done = foedus("drivers", *wrong, "--worlds", "4")
        assert done.returncode == 2 and done.stderr.startswith("foedus: "), done.stderr
