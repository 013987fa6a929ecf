"""The lens ``leverage``: what it asks, what it computes (``measure``) and how it is told (``telling``)."""

from foedus.lenses.leverage.measure import look
from foedus.lenses.leverage.telling import tell

name = "leverage"
heading = "Who can move what"
question = "Who can move what, by its own play alone?"

__all__ = ["heading", "look", "name", "question", "tell"]
