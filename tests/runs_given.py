"""What a run was given, for tests of what is written of it."""

from sirenpde.run.directory import Given, Settings

GIVEN = Given(
    "case", "/nowhere/case.py", "problem = 1\n", "/nowhere", {"k": 2.0}, Settings(seed=3, budget=60.0)
)
