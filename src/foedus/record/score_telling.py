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
from foedus.record.score import (
    Band,
    Dropped,
    DroppedEach,
    Gap,
    Kind,
    MeanScores,
    QuestionScore,
    ScoredEvent,
    Standing,
    TrackRecord,
)
from foedus.scenario.names import Names, plain, titled
from foedus.worlds.thresholds import LEAST_ANSWERS

T = TypeVar("T")
_NOTHING = 5e-4  # bits that round to nothing
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


_VERBS = {
    Standing.BETTER: ("beats", "beat"),
    Standing.TIE: ("ties with", "tie with"),
    Standing.WORSE: ("loses to", "lose to"),
    Standing.TOO_FEW: ("cannot yet be told from", "cannot yet be told from"),
}
OTHER_RIVALS = tuple(rival for rival in RIVALS if rival != Forecaster.NOBODY_WEIGHING)


def against(scores: MeanScores, rivals: Sequence[Forecaster], many: bool = False) -> str:
    """How the model (its forecasts, where ``many``) stands against some rivals, and by how much."""
    gaps = {rival: scores.against[rival][Score.LOG] for rival in rivals}
    parts = []
    for standing, verbs in _VERBS.items():
        some = [f"{RIVAL_NAMES[who]} ({_bits(gap)})" for who, gap in gaps.items() if gap.standing is standing]
        parts += [f"{verbs[many]} {listed(some)}"] if some else []
    return "; ".join(parts)


def _bits(gap: Gap) -> str:
    """The size of a difference, and where that is not plain from the words beside it, its side."""
    size = f"{number(abs(gap.difference), 2)} bits an answer"
    if gap.standing in (Standing.BETTER, Standing.WORSE) or abs(gap.difference) < _NOTHING:
        return size
    return f"{size} {'better' if gap.difference < 0 else 'worse'}"


def _sure(gap: Gap, answers: int) -> str:
    """How sure a difference is: no shares of resamples where there are few answers."""
    if gap.standing is Standing.TIE:
        return f" ({_bits(gap)}, which may be chance)" if abs(gap.difference) >= _NOTHING else ""
    if gap.better is None:
        return f" by {_bits(gap)}, on {count(answers, 'answer')} only: too few to say how sure that is"
    sure = gap.better if gap.difference < 0 else 1 - gap.better
    return f" by {_bits(gap)}, in {percent(sure)} of resamples of the record"


def headline(scores: MeanScores) -> str:
    """Whether the record speaks for the strategic part of the model: against itself with nobody weighing anything."""
    gap = scores.against[Forecaster.NOBODY_WEIGHING][Score.LOG]
    bare, answers = "the same model with nobody weighing anything", count(scores.n, "recorded answer")
    if gap.standing is Standing.BETTER and gap.better is None:
        return (
            f"The record is too short to be evidence for the strategic part of the model: on {answers}, fewer than "
            f"{LEAST_ANSWERS}, it forecasts better than {bare} by {_bits(gap)}."
        )
    if gap.standing is Standing.BETTER:
        return (
            f"The record speaks for the strategic part of the model: scored on {answers}, it forecasts better than {bare}"
            f"{_sure(gap, scores.n)}."
        )
    told = {
        Standing.TIE: f"{bare} forecasts as well, as far as can be told{_sure(gap, scores.n)}",
        Standing.WORSE: f"{bare} forecasts better{_sure(gap, scores.n)}",
        Standing.TOO_FEW: f"{answers} in too few periods do not tell it from {bare}",
    }
    return f"The record is no evidence for the strategic part of the model: {told[gap.standing]}."


def verdict(names: Names, record: TrackRecord) -> str:
    """What the record says of the strategic part; then how the forecasts did against the other rivals, and where they
    lose, which mechanism is to blame."""
    scores = record.scores
    text = f"{headline(scores)} Of its other rivals, the model {against(scores, OTHER_RIVALS)}."
    other = [name for rival, name in RIVAL_NAMES.items() if _disagree(scores, rival)]
    if other:
        text += f" By the Brier score it is the other way round against {listed(other)}."
    return text + (" " + blame(names, record.mechanisms) if record.lost_to and record.mechanisms else "")


def brief(scores: MeanScores) -> str:
    """Whether the record speaks for the strategic part, and in a sentence how the forecasts stand against each rival."""
    return f"{headline(scores)} Of other rivals, its forecasts {against(scores, OTHER_RIVALS, many=True)}."


def _disagree(scores: MeanScores, rival: Forecaster) -> bool:
    """Whether the two scores say clearly different things."""
    clear = {Standing.BETTER, Standing.WORSE}
    return {scores.against[rival][kind].standing for kind in Score} == clear


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


def mechanism_name(names: Names, part: Dropped) -> str:
    """What a mechanism is called."""
    kind, actor, name = part.kind, part.actor, part.name
    if kind == Kind.COMMITMENT:
        return f"the commitment “{names.scenario.commitments[name].label or plain(name)}”"
    if kind == Kind.WEIGHING:
        return f"{names.actor(actor)} weighs consequences"
    if kind == Kind.BELIEF:
        return f"{names.actor(actor)} misjudges “{names.inside(names.assumption(name))}”"
    return f"an objective, {names.objective(f'{actor}.{name}')}"


def section(names: Names, record: TrackRecord) -> Section:
    """The track record as a section of a report."""
    scores, typical = record.scores, {who: percent(2**-score) for who, score in record.scores.log_score.items()}
    ahead = "" if record.horizon == 1 else f", {record.horizon} periods ahead"
    others = listed([f"{RIVAL_NAMES[rival]} {typical[rival]}" for rival in RIVALS])
    first = (
        f"{count(scores.n, 'recorded answer')} in {count(record.periods, names.scenario.horizon.unit)} were each "
        f"forecast from what was known before{ahead}. To what was then recorded the model typically gave a probability "
        f"of {typical[Forecaster.MODEL]}, {others}."
    )
    bands = record.calibration[Forecaster.MODEL]
    sentences = [verdict(names, record), first, _settled(record), _calibrated(bands)]
    dropped = record.mechanisms
    if dropped and not record.lost_to:
        sentences.append(blame(names, dropped))
    tables = [
        _scores(record),
        _gaps(scores),
        _questions(names, record),
        *([_dropped(names, dropped)] if dropped else []),
    ]
    tables.append(_events(names, record))
    rising = "Bits gained on each rival, added up: a line that rises is the model doing better."
    dots = (
        "Each dot is a band of forecast probabilities: across, what was forecast; up, how often it came true, around it "
        "the range that chance allows nine times in ten. On the line forecasts mean what they say."
    )
    lead = Figure(_lead_title(scores), rising, lead_chart(record.events))
    calibration = Figure(_calibration_title(bands), dots, calibration_chart(bands))
    told = Told([s for s in sentences if s], [lead, calibration], tables, _notes(record))
    return told.under("track_record", "Track record", "How good were its forecasts, against four rivals?")


def _settled(record: TrackRecord) -> str:
    """The same where the rivals had something to go by."""
    later = record.settled
    if later.n in (0, record.scores.n):
        return ""
    return (
        f"The first two rivals start with nothing to go by, while the model's numbers were set by an analyst. Where a question had "
        f"been answered three times before ({count(later.n, 'answer')}), the model {against(later, RIVALS)}."
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


def _gaps(scores: MeanScores) -> Table:
    def ranged(kind: Score, rival: Forecaster) -> Amount:
        gap = scores.against[rival][kind]
        span = "" if gap.low is None else f"{number(gap.low, 2)} to {number(gap.high, 2)}"
        return Amount(number(gap.difference, 2), gap.difference, span)

    columns: dict[str, Callable[[Forecaster], Cell]] = {
        "Rival": lambda rival: capital(RIVAL_NAMES[rival]),
        "Log score": partial(ranged, Score.LOG),
        "Brier score": partial(ranged, Score.BRIER),
        "By the log score": lambda rival: scores.against[rival][Score.LOG].standing.value,
    }
    caption = (
        "The model's mean score less each rival's, and where nine resamples in ten lie: below 0 the model is better"
    )
    return table(caption, columns, RIVALS)


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
        "Base rate: how often each answer was recorded before, half a record added to each, which is set before the period "
        "and knows nothing of it. Persistence: the last answer again, as surely as answers have repeated before. Nobody "
        "weighing: the same worlds, weighed by the same observations, with all choices made by base rates alone (precision 0). "
        "Unweighted: every world counts as it was assumed; only the state is known from the record.",
        "Resamples draw whole periods anew, with replacement; where nine in ten of them lie on both sides of 0, that is a tie.",
        f"At every forecast the {record.worlds:,} worlds were worth at least {record.effective_sample:.0f} equal ones.",
    ]


def _lead_title(scores: MeanScores) -> str:
    value = -scores.against[Forecaster.NOBODY_WEIGHING][Score.LOG].difference * scores.n
    side = "ahead of" if value > 0 else "behind"
    return f"By the end of the record the model is {number(abs(value), 3)} bits {side} itself with nobody weighing anything."


def _calibration_title(bands: Sequence[Band]) -> str:
    good = f"{sum(_near(band) for band in bands)} of {len(bands)} bands"
    return f"Forecasts came true as often as they said, within chance, in {good}."
