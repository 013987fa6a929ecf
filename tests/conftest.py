"""What every test runs under. Tests may not depend on time: a busy machine must not fail them."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile("foedus", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("foedus")

# pytest-xdist tells its workers a width, to which messages would be broken that a test reads as they are.
os.environ.pop("COLUMNS", None)
