"""How forecasts did against the record: sentences, charts and tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from foedus.present.section import Amount, Cell, Figure, Section, Table, Told, amount, probability, table
from foedus.present.wording import capital, count, listed, number, percent
from foedus.record.charts import RIVAL_NAMES, calibration_chart, interval, lead_chart
from foedus.record.forecasts import RIVALS, Forecaster, Score
from foedus.record.questions import QuestionKind
from foedus.record.score import Band, Dropped, DroppedEach, Kind, MeanScores, QuestionScore, ScoredEvent, TrackRecord
from foedus.scenario.names import Names, plain, titled

T = TypeVar("T")
_COMPARED = re.compile(r"^\s*(\w+)\s*(<=|>=|==|!=|<|>)\s*(\w+)\s*$")
_WORDS = {"<": "below {}", "<=": "at most {}", "==": "{}", "!=": "not {}", ">": "above {}", ">=": "{} or more"}


def state_name(names: Names, expression: str) -> str:
    """An expression about the state in words: ``tension < crisis`` becomes "Tension: below crisis"."""
    match = _COMPARED.match(expression)
    if match and match[1] in names.scenario.state:
        return f"{names.variable(match[1])}: {_WORDS[match[2]].format(plain(match[3]))}"
    return plain(expression)


def question_name(names: Names, question: QuestionScore | ScoredEvent) -> str:
    """What a question is called."""
    if question.kind == QuestionKind.STATE:
        return state_name(names, question.question)
    phase = next(phase for phase in names.scenario.turn if phase.id == question.question)
    return phase.label or titled(phase.id)


def answer_name(names: Names, event: ScoredEvent, answer: int) -> str:
    """What one answer to a question is called."""
    if event.kind == QuestionKind.STATE:
        return event.answers[answer][0]
    start = question_name(names, event) + ": "
    return " or ".join(names.action(action).removeprefix(start) for action in event.answers[answer])


def against(scores: MeanScores, rival: Forecaster) -> str:
    """Whether the model beats a rival, by how much, and how sure that is."""
    gap, name = scores.against[rival][Score.LOG], RIVAL_NAMES[rival]
    size, won = abs(gap.difference), gap.difference < 0
    if size < 5e-4:
        return f"it does as well as {name}"
    text = f"it {'beats' if won else 'loses to'} {name} by {number(size, 2)} bits an answer"
    if gap.low is None or gap.high is None or gap.better is None:
        return f"{text}, over too few periods to say how sure that is"
    span = f"nine resamples in ten: {number(gap.low, 2)} to {number(gap.high, 2)}"
    sure = gap.better if won else 1 - gap.better
    if gap.low <= 0 <= gap.high:
        return f"{text}, which may be chance ({span}, below 0 is better)"
    return f"{text}, in {percent(sure)} of resamples of the record ({span})"


def verdict(names: Names, record: TrackRecord) -> str:
    """How the forecasts did against each rival, and where they lose, which mechanism is to blame."""
    scores = record.scores
    parts = "; ".join(against(scores, rival) for rival in RIVALS)
    text = f"Scored on {count(scores.n, 'recorded answer')}, the model was compared with two simple rivals: {parts}."
    other = [name for rival, name in RIVAL_NAMES.items() if _disagree(scores, rival)]
    if other:
        text += f" By the Brier score it is the other way round against {listed(other)}."
    lost = any(scores.against[rival][Score.LOG].difference > 0 for rival in RIVALS)
    return text + (" " + blame(names, record.mechanisms) if lost and record.mechanisms else "")


def brief(scores: MeanScores) -> str:
    """One sentence: whether the model's forecasts did better than simple rivals."""
    mean, model = scores.log_score, scores.log_score[Forecaster.MODEL]
    won = [name for rival, name in RIVAL_NAMES.items() if model < mean[rival]]
    lost = [name for rival, name in RIVAL_NAMES.items() if model >= mean[rival]]
    parts = [f"{verb} {listed(names)}" for verb, names in (("beat", won), ("do no better than", lost)) if names]
    values = " and ".join(number(mean[rival], 2) for rival in RIVALS)
    sizes = f"log score {number(model, 2)} bits against {values}; lower is better"
    did = f"the model's forecasts {' but '.join(parts)}"
    return f"Scored against {count(scores.n, 'recorded answer')}, {did} ({sizes})."


def _disagree(scores: MeanScores, rival: Forecaster) -> bool:
    log, brier = (scores.against[rival][kind].difference for kind in Score)
    return log * brier < 0


def blame(names: Names, dropped: DroppedEach) -> str:
    """Without which mechanism the forecasts would have been better."""
    worse = [part for part in dropped.each if part.change.difference < 0]
    if not worse:
        return "No single mechanism is to blame: the forecasts get no better without any of them."
    change = worse[0].change
    sure = "" if change.high is not None and change.high < 0 else ", which may be chance"
    return (
        f"The mechanism that hurts the forecasts most: {mechanism_name(names, worse[0])}. Without it the log score is "
        f"lower, so better, by {number(-change.difference, 2)} bits an answer{sure} "
        f"(each of {count(dropped.tried, 'mechanism')} dropped in turn, on {count(dropped.worlds, 'world')}; the worst of "
        "many looks worse than it is)."
    )


def _strategy(dropped: DroppedEach) -> str:
    """What the forecasts owe to strategy, beyond the base rates of actions."""
    bare = next((part for part in dropped.each if part.kind == Kind.WEIGHING and not part.actor), None)
    if bare is None:
        return ""
    change, without = bare.change, f"{number(bare.log_score)} instead of {number(dropped.log_score)}"
    text = f"If all actors acted by the base rates of their actions alone, the log score would be {without}"
    if change.low is None or change.high is None or change.low <= 0 <= change.high:
        return f"{text}: that weighing consequences helps the forecasts cannot be told from chance."
    return f"{text}: weighing consequences {'helps' if change.low > 0 else 'hurts'} the forecasts."


def mechanism_name(names: Names, part: Dropped) -> str:
    """What a mechanism is called."""
    kind, actor, name = part.kind, part.actor, part.name
    if kind == Kind.COMMITMENT:
        return f"the commitment “{names.scenario.commitments[name].label or plain(name)}”"
    if kind == Kind.WEIGHING:
        return f"{names.actor(actor)} weighs consequences" if actor else "all actors weigh consequences"
    if kind == Kind.BELIEF:
        return f"{names.actor(actor)} misjudges “{names.inside(names.assumption(name))}”"
    return f"an objective, {names.objective(f'{actor}.{name}')}"


def section(names: Names, record: TrackRecord) -> Section:
    """The track record as a section of a report."""
    scores, typical = record.scores, {who: 2**-score for who, score in record.scores.log_score.items()}
    ahead = "" if record.horizon == 1 else f", {record.horizon} periods ahead"
    model, base_rate, persistence = (percent(typical[who]) for who in Forecaster)
    first = (
        f"{count(scores.n, 'recorded answer')} in {count(record.periods, names.scenario.horizon.unit)} were each "
        f"forecast from what was known before{ahead}. To what was then recorded the model typically gave a probability "
        f"of {model}, the base rate {base_rate} and persistence {persistence}."
    )
    bands = record.calibration[Forecaster.MODEL]
    sentences = [first, verdict(names, record), _settled(record), _calibrated(bands)]
    if dropped := record.mechanisms:
        blamed = blame(names, dropped)
        sentences += ["" if blamed in sentences[1] else blamed, _strategy(dropped)]
    tables = [_scores(record), _questions(names, record), *([_dropped(names, dropped)] if dropped else [])]
    tables.append(_events(names, record))
    rising = "Bits gained on each rival, added up: a line that rises is the model doing better."
    dots = (
        "Each dot is a band of forecast probabilities: across, what was forecast; up, how often it came true, around it "
        "the range that chance allows nine times in ten. On the line forecasts mean what they say."
    )
    lead = Figure(_lead_title(scores), rising, lead_chart(record.events))
    calibration = Figure(_calibration_title(bands), dots, calibration_chart(bands))
    told = Told([s for s in sentences if s], [lead, calibration], tables, _notes(record))
    return told.under("track_record", "Track record", "How good were its forecasts, against simple rivals?")


def _settled(record: TrackRecord) -> str:
    """The same where the rivals had something to go by."""
    later = record.settled
    if later.n in (0, record.scores.n):
        return ""
    parts = "; ".join(against(later, rival) for rival in RIVALS)
    return (
        f"The rivals start with nothing to go by, while the model's numbers were set by an analyst. Where a question had "
        f"been answered three times before ({count(later.n, 'answer')}), {parts}."
    )


def _calibrated(bands: Sequence[Band]) -> str:
    """Where forecasts and facts are furthest apart, beyond chance if anywhere."""
    off = [band for band in bands if not _near(band)]
    if not off:
        return "Its probabilities meant what they say, as far as so few answers can tell: no band is off by more than chance."
    worst = max(off, key=lambda band: abs(band.happened - band.forecast))
    side = "more" if worst.happened > worst.forecast else "less"
    came = f"{percent(worst.forecast)} came true in {percent(worst.happened)} of {worst.n} cases, {side} often"
    return f"Its probabilities are off in {count(len(off), 'band')} of {len(bands)}: what it gave about {came}."


def _near(band: Band) -> bool:
    low, high = interval(band.happened, band.n)
    return low <= band.forecast <= high


def _scores(record: TrackRecord) -> Table:
    rows = [("Log score, bits", Score.LOG, record.scores), ("Brier score", Score.BRIER, record.scores)]
    rows.append(("Log score where rivals had three earlier answers", Score.LOG, record.settled))
    columns: dict[str, Callable[[tuple[str, Score, MeanScores]], Cell]] = {
        "Score": lambda row: row[0],
        **_by_forecaster(lambda who, row: amount(row[2].by[row[1]][who], number)),
        "Answers": lambda row: amount(row[2].n, str),
    }
    return table("Mean scores: lower is better", columns, [row for row in rows if row[2].n])


def _by_forecaster(cell: Callable[[Forecaster, T], Cell]) -> dict[str, Callable[[T], Cell]]:
    """A column a forecaster."""
    return {capital(who.replace("_", " ")): partial(cell, who) for who in Forecaster}


def _questions(names: Names, record: TrackRecord) -> Table:
    columns: dict[str, Callable[[QuestionScore], Cell]] = {
        "Question": lambda question: question_name(names, question),
        "Answers": lambda question: amount(question.n, str),
        **_by_forecaster(lambda who, question: amount(question.log_score[who], number)),
    }
    return table("Log score by question", columns, record.questions)


def _dropped(names: Names, dropped: DroppedEach) -> Table:
    columns: dict[str, Callable[[Dropped], Cell]] = {
        "Mechanism": lambda part: capital(mechanism_name(names, part)),
        "Log score without": lambda part: amount(part.log_score, number),
        "Change": _change,
    }
    tried = f"{dropped.tried} tried on {count(dropped.worlds, 'world')}, {dropped.idle} of them idle"
    caption = f"Each mechanism dropped in turn ({tried}): below 0 the forecasts are better without"
    return table(caption, columns, dropped.each)


def _change(part: Dropped) -> Amount:
    change, value = part.change, part.change.difference
    span = "" if change.low is None else f"{number(change.low, 2)} to {number(change.high, 2)}"
    return Amount(f"{'+' if value > 0 else ''}{number(value, 2)}", value, span)


def _events(names: Names, record: TrackRecord) -> Table:
    columns: dict[str, Callable[[ScoredEvent], Cell]] = {
        "When": lambda event: event.date,
        "Question": lambda event: question_name(names, event),
        "Recorded": lambda event: answer_name(names, event, event.outcome),
        **_by_forecaster(lambda who, event: probability(event.probability[who])),
        "What happened": lambda event: event.what,
    }
    return table("The probability that each gave, beforehand, to what was recorded", columns, record.events)


def _notes(record: TrackRecord) -> list[str]:
    return [
        "Log score: minus the binary logarithm of the probability given to what was recorded, in bits. Brier score: half "
        "the summed squared error of the probabilities of all answers. A choice is forecast for the case that it comes "
        "up. Coding errors count: a sure forecast of a fact that is coded wrongly one time in twenty is 95%.",
        "Base rate: how often each answer was recorded before, half a record added to each. Persistence: the last answer "
        "again, as surely as answers have repeated before. Resamples draw whole periods anew, with replacement.",
        f"At every forecast the {record.worlds:,} worlds were worth at least {record.effective_sample:.0f} equal ones.",
    ]


def _lead_title(scores: MeanScores) -> str:
    ends = {name: -scores.against[rival][Score.LOG].difference * scores.n for rival, name in RIVAL_NAMES.items()}
    side = {True: "ahead of", False: "behind"}
    parts = [f"{number(abs(value), 3)} bits {side[value > 0]} {name}" for name, value in ends.items()]
    return f"By the end of the record the model is {listed(parts)}."


def _calibration_title(bands: Sequence[Band]) -> str:
    good = f"{sum(_near(band) for band in bands)} of {len(bands)} bands"
    return f"Forecasts came true as often as they said, within chance, in {good}."
