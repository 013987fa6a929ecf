"""One world walked through: the likeliest path, and at each decision what every alternative was worth (``path``).

``terminal`` prints it. The values are those of ``lenses.action_values``, which the lens ``incentives`` averages.
"""
