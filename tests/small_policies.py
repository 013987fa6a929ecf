"""Small scenarios whose best policy, tipping point, measures and frontier are known in closed form."""

from __future__ import annotations

from typing import Any

from foedus.scenario.schema import Scenario


def coin(**extra: Any) -> Scenario:
    """War with probability p: under ``risky`` p = x, uniform on 0 to 1/2; under ``steady`` p = 0.3. ``u`` is idle.

    ``risky`` is better on average (1/4), worse where x > 0.3 (two fifths of worlds), and tips there.
    """
    return Scenario.model_validate(
        {
            "title": "A coin",
            "actors": {"ann": {"label": "Ann"}},
            "assumptions": {
                "x": {"uniform": [0, 0.5], "label": "the risk"},
                "u": {"uniform": [0, 1]},
                "p": {"value": 0.3},
            },
            "objectives": {"ann": {"peace": {"weight": 1}}},
            "state": {"war": {"levels": ["no", "yes"], "start": "no"}},
            "turn": [
                {
                    "id": "toss",
                    "chance": [{"prob": "p", "then": {"war": "yes"}, "pays": {"ann": {"peace": -1}}}, {"prob": "rest"}],
                }
            ],
            "policies": {"steady": {}, "risky": {"set": {"p": "x"}}},
            "factual": "steady",
            "outcomes": {"war": {"event": "war == yes", "label": "War"}},
            "claims": {
                "safer": {
                    "says": "Risk pays.",
                    "readings": {"less": 'prob(eventually(war == yes), under="risky") < 0.3'},
                }
            },
            **extra,
        }
    )


def pair(prob: str = "0.5 - 0.4 * a * b") -> Scenario:
    """War with a probability that two measures, a and b, lower; ``u`` is uniform on 0 to 1."""
    return Scenario.model_validate(
        {
            "title": "Two measures",
            "actors": {"ann": {}},
            "assumptions": {"u": {"uniform": [0, 1]}, "a": 0, "b": 0},
            "objectives": {"ann": {"peace": {"weight": 1}}},
            "state": {"war": {"levels": ["no", "yes"], "start": "no"}},
            "turn": [
                {
                    "id": "toss",
                    "chance": [
                        {"prob": prob, "then": {"war": "yes"}, "pays": {"ann": {"peace": -1}}},
                        {"prob": "rest"},
                    ],
                }
            ],
            "policies": {
                "none": {},
                "with_a": {"set": {"a": 1}},
                "with_b": {"set": {"b": 1}},
                "both": {"set": {"a": 1, "b": 1}},
            },
            "factual": "none",
            "outcomes": {"war": "war == yes"},
        }
    )


def dial() -> Scenario:
    """War has probability (c - 0.3)^2 + x / 10, x uniform on 0 to 1; c costs Ann c and is a promise's credibility.

    The least war is at c = 0.3; on war and cost together every c from 0 to 0.3 is efficient and none above.
    A guard that is bound from period k on keeps the probability of a raid, 0.1 a period, away, and costs Bob 0.05 each time.
    """
    return Scenario.model_validate(
        {
            "title": "A dial",
            "horizon": {"periods": 4, "beyond": 0},
            "actors": {"ann": {}, "bob": {}},
            "assumptions": {"c": {"uniform": [0, 1], "label": "resolve"}, "x": {"uniform": [0, 1]}},
            "objectives": {"ann": {"cost": {"weight": 1}, "word": {"weight": 1}}, "bob": {"pay": {"weight": 1}}},
            "state": {
                "war": {"levels": ["no", "yes"], "start": "no"},
                "guarded": {"levels": ["no", "yes"], "start": "no", "within": "period"},
                "raids": {"levels": ["none", "some"], "start": "none"},
            },
            "turn": [
                {
                    "id": "first",
                    "at": [0],
                    "chance": [
                        {"prob": "(c - 0.3) ** 2 + x / 10", "then": {"war": "yes"}, "pays": {"ann": {"cost": "-c"}}},
                        {"prob": "rest", "pays": {"ann": {"cost": "-c"}}},
                    ],
                },
                {
                    "id": "guard",
                    "decide": "bob",
                    "actions": {
                        "rest": {"base": 1e9},
                        "stand": {"base": 1e-9, "pays": {"bob": {"pay": -0.05}}, "then": {"guarded": "yes"}},
                    },
                },
                {
                    "id": "raid",
                    "when": "guarded == no",
                    "chance": [{"prob": 0.1, "then": {"raids": "some"}}, {"prob": "rest"}],
                },
                {"id": "answer", "decide": "ann", "actions": {"no": {}, "yes": {}}},
            ],
            "commitments": {
                "vow": {
                    "from": "ann",
                    "to": "bob",
                    "attach": "answer",
                    "order": ["no", "yes"],
                    "expected": "yes",
                    "in_force": 0,
                    "trigger": {"applies": 0.5},
                    "reneging": {"objective": "word", "cost": "c"},
                }
            },
            "policies": {"status_quo": {}, "guarding": {"bind": [{"phase": "guard", "do": "stand"}]}},
            "outcomes": {"war": "war == yes"},
        }
    )
