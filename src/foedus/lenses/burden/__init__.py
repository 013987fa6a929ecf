"""The lens ``burden``: what it asks, what it computes (``measure``) and how it is told (``telling``)."""

from foedus.lenses.burden.measure import look
from foedus.lenses.burden.telling import tell

name = "burden"
heading = "Who pays"
question = "Who pays, in which outcomes, and how?"

__all__ = ["heading", "look", "name", "question", "tell"]
