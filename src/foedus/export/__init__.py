"""Games written for other programs: a module a format, each a function of a scenario, one world and a policy.

May import what stands below ``lenses``; shows nothing to people. Start with ``formats.py``, the table that the command line
takes its choices from: a new format is a module here and a row there.
"""
