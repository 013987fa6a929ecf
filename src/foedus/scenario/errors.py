"""Problems found in a scenario: where, what is wrong, and what would be right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from foedus.errors import FoedusError

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a scenario; ``file``, ``line`` and ``column`` (from 1) where it was read from a file."""

    path: Path  # from the top of the scenario
    reason: str
    remedy: str = ""
    severity: Literal["error", "warning"] = "error"
    offset: int | None = None  # in characters, inside a value that is an expression
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def placed(self, file: str | None, line: int | None, column: int | None) -> Problem:
        """The same problem with its place in a file."""
        return replace(self, file=file, line=line, column=column)

    @property
    def where(self) -> str:
        """The place, as ``file:line:column`` followed by the path of keys."""
        keys = ".".join(str(part) for part in self.path)
        if self.file is None:
            return keys or "scenario"
        mark = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{mark} ({keys})" if keys else mark

    def __str__(self) -> str:
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{self.where}: {self.severity}: {self.reason}{remedy}"


class ScenarioError(FoedusError):
    """A scenario that cannot be used, with every problem that was found."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[ScenarioError], tuple[list[Problem]]]:
        return ScenarioError, (self.problems,)


class ExpressionError(FoedusError):
    """An expression that cannot be read; ``offset`` counts characters from its start."""

    def __init__(self, reason: str, remedy: str = "", offset: int = 0):
        self.reason, self.remedy, self.offset = reason, remedy, offset
        super().__init__(f"{reason} {remedy}".strip())

    def __reduce__(self) -> tuple[type[ExpressionError], tuple[str, str, int]]:
        return ExpressionError, (self.reason, self.remedy, self.offset)

    def at(self, path: Path) -> Problem:
        """This error as a problem of the value at ``path``."""
        return Problem(path, self.reason, self.remedy, offset=self.offset)
