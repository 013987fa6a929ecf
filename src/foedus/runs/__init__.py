"""Runs: a scenario solved in every world under its policies, in this process or piece by piece in a directory.

``settings`` is what a run is asked for, ``plan`` what is solved and in which pieces, ``work`` how a piece is solved and
``executors`` by whom, ``store`` and ``solved`` how pieces are kept and labelled, ``finish`` and ``judge`` what they say
together, ``result`` the finished run and ``view`` the run as it is told. ``local`` and ``ensemble`` put these in order:
start with ``local``. May import ``claims``, ``record`` and what stands below them; knows no lens.
"""
