"""Hypothesis: the same examples on every run, so that a failure is everybody's; `--hypothesis-seed` looks for others."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "streams", max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("streams")
