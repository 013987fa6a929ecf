"""What the parts of a scenario are made of: names, numbers, texts, and the evidence for them."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

MAX_NUMBER = 1e100
NUMBER = (int, float, str)  # how a number or an expression may be written
_ID_PATTERN = "^[A-Za-z_][A-Za-z0-9_]*$"
_ID = re.compile(_ID_PATTERN[:-1] + r"\Z")


def _identifier(value: Any) -> Any:
    if isinstance(value, str) and not _ID.match(value):
        raise ValueError(f"'{value}' is not a name: use letters, digits and _, starting with a letter")
    return value


def listed(value: Any) -> Any:
    """A list as it is, anything else as a list of one."""
    return value if isinstance(value, list) else [value]


LISTED = BeforeValidator(listed)  # a single one may be written without the brackets


def _bounded(value: Any) -> Any:
    if isinstance(value, (int, float)) and not abs(value) <= MAX_NUMBER:
        raise ValueError(f"the number must be finite and at most {MAX_NUMBER:g}")
    return value


def _whole(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(f"it must be a whole number, not the truth value {str(value).lower()}")
    return value


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


Id = Annotated[str, BeforeValidator(_identifier), WithJsonSchema({"type": "string", "pattern": _ID_PATTERN})]
Text = Annotated[str, BeforeValidator(_text)]  # a number will do
Num = Annotated[float | int | bool | str, AfterValidator(_bounded), Field(description="a number, or an expression")]
WHOLE = BeforeValidator(_whole)  # true and false are no numbers here
Why = Annotated[str, Field(description="Why this is so, in a sentence.")]
Label = Annotated[str, Field(description="What reports call it.")]
Pays = Annotated[
    dict[Id, Num | dict[Id, Num]], Field(description="What is paid: actor to amount, or actor to {objective: amount}.")
]
Effects = Annotated[
    dict[Id, Num],
    Field(description="What changes: state variable to level, or to an expression over the state before the phase."),
]


class Model(BaseModel):
    """Base of all scenario objects: unknown keys are refused, dashes never needed."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, str_strip_whitespace=True)
    bare: ClassVar[tuple[type, ...]] = ()  # what may stand in its place: nothing, or a value
    alone: ClassVar[str] = ""  # the key that such a value is for

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if not isinstance(value, cls.bare):
            return value
        return {} if value is None else {cls.alone: value}


class Evidence(Model):
    """Where a number or claim comes from: a source, a paragraph of it, a verbatim quote."""

    bare, alone = (str,), "source"
    source: str = Field(description="The id of a source.")
    paragraph: Annotated[int, Field(ge=1, le=1_000_000), WHOLE] | str | None = Field(
        None, description="Its paragraph, counted from 1 over paragraphs that are not blank."
    )
    quote: str | None = Field(None, description="Words that stand in it exactly; '...' leaves some out.")

    @model_validator(mode="before")
    @classmethod
    def _row(cls, value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            return value
        if len(value) > 3:
            raise ValueError("evidence is a source, or [source, paragraph, quote]")
        return dict(zip(("source", "paragraph", "quote"), value, strict=False))


def _evidence(value: Any) -> Any:
    """One item (a name, [source, paragraph, quote] or a mapping) or a list of items."""
    if isinstance(value, (str, dict)):
        return [value]
    if isinstance(value, (list, tuple)) and 0 < len(value) <= 3 and isinstance(value[0], str):
        second = value[1] if len(value) > 1 else None
        if second is None or isinstance(second, int) or (isinstance(second, str) and second[:1].isdigit()):
            return [list(value)]
    return value


EvidenceList = Annotated[
    list[Evidence],
    BeforeValidator(_evidence),
    Field(description="Where it comes from: a source, [source, paragraph, quote], or a list of these."),
]


class Source(Model):
    """A text that is cited; with ``file`` (relative to the scenario) its quotes are checked."""

    bare, alone = (str,), "title"
    title: Text = Field(description="The text's title.")
    author: str = Field("", description="Who wrote it.")
    date: Text = Field("", description="When.")
    url: str = Field("", description="Where it can be found.")
    file: str | None = Field(None, description="A local copy, relative to the scenario; quotes are checked against it.")
