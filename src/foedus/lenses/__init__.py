"""Questions asked of a finished run. A lens is a folder: ``measure`` computes, ``telling`` says it, ``chart`` draws it, and
its ``__init__`` holds its name, heading and question; ``registry`` lists those that ship. Start with ``lens``: what a lens
is, and ``Looked``, from which each telling reads its result.

Several lenses share ``counterfactuals`` (games solved anew with commitments set otherwise, by the ``dials`` of a scenario)
and ``action_values``. May import what lies below (``runs``, ``present``, ``conflict``, ``worlds``, ``solve``, ``game``,
``scenario``); lenses do not import one another, nor the report.
"""
