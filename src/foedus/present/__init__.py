"""How anything is shown: sections, tables, numbers and likelihoods in words, charts, pages, the terminal, strict JSON.

Knows no lens and no run: may import ``worlds.weights``, ``scenario`` and what stands below. Start with ``section.py`` (what a
lens or a report part tells) and ``wording.py``; ``frame.py`` and ``svg.py`` draw, ``colours.py`` holds every colour,
``page.py`` and ``terminal.py`` show sections to people, ``plain.py`` to programs.
"""
