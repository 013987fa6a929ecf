"""The report of a run, for people (page, terminal) and for programs (JSON): composed here, shown by ``present``.

May import everything but ``cli`` and ``export``. Start with ``html.py`` (the page: what stands in it, in which order),
then ``findings.py`` (its sentences) and ``quantities.py`` (the numbers behind them). ``summary.py`` and ``scenario_text.py``
are what the terminal shows, ``files.py`` what a run leaves in its directory.
"""
