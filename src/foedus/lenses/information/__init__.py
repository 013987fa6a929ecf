"""The lens ``information``: the value of knowing more before choosing a policy, and the price of misperception.

Start with ``measure``. ``voi`` is the value of information from values in weighted worlds, ``blind_spots`` what keeps
parties from seeing alike and the scenario without it.
"""

from foedus.lenses.information.measure import look
from foedus.lenses.information.telling import tell

name = "information"
heading = "What it would be worth to know more"
question = "What would it be worth to know more, and what does misperception cost?"

__all__ = ["heading", "look", "name", "question", "tell"]
