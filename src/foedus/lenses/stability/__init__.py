"""The lens ``stability``: standing orders combined to postures, and which of these last by the graph model's concepts.

Start with ``measure``. ``orders`` is the scenario with a switch for every standing order, ``postures`` chooses and
solves their combinations; the concepts themselves are in ``foedus.conflict``.
"""

from foedus.lenses.stability.measure import look
from foedus.lenses.stability.telling import tell

name = "stability"
heading = "Stability"
question = "Which postures would last if every actor thought a few moves ahead?"

__all__ = ["heading", "look", "name", "question", "tell"]
