"""One world walked through: its likeliest paths, and at each decision what every alternative was worth (``explanation``).

``terminal`` prints it. The values are those of ``lenses.action_values``, which the lens ``incentives`` averages.
"""
