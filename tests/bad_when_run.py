"""What shows only when the game is built, or solved in sampled worlds. See ``bad_scenarios``."""

from __future__ import annotations

from spoiling import BAD, LINES, spoilt


def in_some_worlds() -> None:
    def bad(name: str, old: str, new: str, fragment: str, line: str | None = None) -> None:
        spoilt(name, old, new, fragment, "run")
        if line is not None:
            LINES[name] = next(n for n, text in enumerate(BAD[-1][1].splitlines(), 1) if line in text)

    bad(
        "worlds-probability",
        "{uniform: [0.1, 0.3], why",
        "{uniform: [0.1, 1.3], why",
        "a probability in weather must be between 0 and 1",
        "id: weather",
    )
    bad(
        "worlds-sum",
        "- {prob: rest}",
        "- {prob: 1 - 3 * risk}",
        "the sum of the probabilities in weather",
        "id: weather",
    )
    bad(
        "worlds-start",
        "{bad: 0.5, good: 0.5}",
        "{bad: risk, good: 0.5}",
        "the sum of the start probabilities must be 1",
        "title",
    )
    bad("worlds-base", "base: 9", "base: risk - 0.2", "the base rate of press.hold must be at least 0")
    bad("worlds-not-finite", "base: 9", "base: log(risk - 0.2)", "log((risk - 0.2)) is not a finite number", "title")
    bad("worlds-precision", "{precision: 2}", "{precision: risk - 1}", "the precision of east must be at least 0")
    bad(
        "worlds-vagueness",
        "vagueness: room}",
        "vagueness: room - 1}",
        "the vagueness of pact must be at least 0",
        "from: west",
    )
    bad(
        "worlds-menu",
        "yield: {then: {tension: calm}}\n      help: {chance",
        "yield: {when: risk > 0.2, then: {tension: calm}}\n      help: {when: risk > 0.25, chance",
        "phase 'answer' leaves west no action",
        "id: answer",
    )
    bad("state-not-finite", "{gain: 0.2}", "{gain: 1 / tension}", "is not a finite number where tension is 0")
    del LINES["state-not-finite"]
    bad(
        "effect-between",
        "- {prob: risk, then: {tension: crisis}}",
        "- {prob: risk, then: {tension: tension + 0.5}}",
        "'tension' would become 0.5, between levels",
        "id: weather",
    )
    bad(
        "effect-outside",
        "- {prob: risk, then: {tension: crisis}}",
        "- {prob: risk, then: {tension: tension - 1}}",
        "'tension' would become -1, outside its levels",
        "id: weather",
    )
    bad("claim-impossible", "tension == war)) < 0.1", "tension > war)) < 0.1", "no state that the game can come to")
    bad(
        "claim-unreachable",
        "{prob: 0.3, then: {tension: war}}",
        "{prob: 0.3, then: {tension: calm}}",
        "no state that the game can come to satisfies (tension == war)",
        "readings: {war",
    )
    bad(
        "claim-given-impossible",
        "tension == war)) < 0.1",
        "tension == war), given=luck > good) < 0.1",
        "satisfies (luck > good)",
    )
    bad(
        "claim-neutral",
        "rests_on: {word: 0}",
        "rests_on: {risk: 5}",
        "With what claim 'calm' rests on made neutral (risk = 5)",
    )
    del LINES["claim-neutral"]
    names = [f"v{i}" for i in range(4)]
    levels = "[" + ", ".join(f"l{i}" for i in range(60)) + "]"
    state = "".join(f"  {name}: {{levels: {levels}, start: l0}}\n" for name in names)
    step = "chance: [{prob: 0.5, then: {NAME: 'min(NAME + 1, 59)'}}, {prob: rest}]"
    turn = "".join(f"  - {{id: p{name}, {step.replace('NAME', name)}}}\n" for name in names)
    ask = "outcomes: {all: " + " and ".join(f"{name} == l59" for name in names) + "}\n"
    text = f"actors: {{a: {{}}}}\nhorizon: {{periods: 9}}\nstate:\n{state}turn:\n{turn}{ask}"
    BAD.append(("states-huge", text, "states: it cannot fit. Most to blame: 'v", "run"))
    LINES["states-huge"] = 4
