"""The lens ``stability``: what it asks, what it computes (``measure``) and how it is told (``telling``)."""

from foedus.lenses.stability.measure import look
from foedus.lenses.stability.telling import tell

name = "stability"
heading = "Stability"
question = "Which postures would last if every actor thought a few moves ahead?"

__all__ = ["heading", "look", "name", "question", "tell"]
