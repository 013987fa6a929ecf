"""The lens ``alignment``: what it asks, what it computes (``measure``) and how it is told (``telling``)."""

from foedus.lenses.alignment.measure import look
from foedus.lenses.alignment.telling import tell

name = "alignment"
heading = "Who wants what"
question = "Who wants the same as whom?"

__all__ = ["heading", "look", "name", "question", "tell"]
