"""The lens ``incentives``: what it asks, what it computes (``measure``) and how it is told (``telling``)."""

from foedus.lenses.incentives.measure import look
from foedus.lenses.incentives.telling import tell

name = "incentives"
heading = "Why they do it"
question = "Why does an actor do what it does, and when would it do otherwise?"

__all__ = ["heading", "look", "name", "question", "tell"]
