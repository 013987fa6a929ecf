"""Claims: in which worlds does a sentence of the argument hold, how robustly, and was it built in?

``reading`` reads a claim and asks it of worlds, ``verdict`` says what came of it, ``sweep`` holds the precisions at
which it is asked again, ``reach`` refuses what no game can come to. May import ``record``, ``sensitivity``,
``present`` and what stands below them. Start with ``reading``.
"""
