"""What pydantic found wrong with a scenario's shape, in plain words and at its place."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from foedus.errors import UNSEEN, nearest, visible
from foedus.scenario.commitments import TRIGGER_KEYS, Commitment
from foedus.scenario.distributions import LAWS
from foedus.scenario.errors import Path, Problem
from foedus.scenario.limits import PROBLEMS
from foedus.scenario.merge import PLACING
from foedus.scenario.parts import Assumption, Phase
from foedus.scenario.yamltext import Node

_ALSO: dict[type[BaseModel], Iterable[str]] = {Assumption: LAWS, Commitment: TRIGGER_KEYS, Phase: PLACING}
# what pydantic expected, by the type of its error
_EXPECTED = {
    "string_type": "text",
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), "a whole number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "a mapping (key: value)"),
    "list_type": "a list",
}
# what is wrong with a value of the right kind
_WRONG = {
    "missing": "'{name}' is missing.",
    "greater_than_equal": "{input} must be at least {ge}.",
    "greater_than": "{input} must be over {gt}.",
    "less_than_equal": "{input} must be at most {le}.",
    "less_than": "{input} must be under {lt}.",
    "finite_number": "{input} must be finite.",
    "too_short": "it has {actual_length} entries; at least {min_length} needed.",
}
_QUOTE = "Text with a comma in it must be quoted inside {} and []."
_NUMBER = {"a number", "true or false", "text"}  # what a number or an expression may be


def problems_in(error: ValidationError, top: type[BaseModel], root: Node | None = None) -> list[Problem]:
    """The problems of a pydantic error about ``top``, each once, placed in the text that ``root`` was read from."""
    groups: dict[Path, list[Any]] = {}
    for item in error.errors(include_url=False)[: 20 * PROBLEMS]:
        groups.setdefault(_path(item, root), []).append(item)
    deeper = {path[:n] for path in groups for n in range(len(path))}
    # where one member of a union got further, what the other members wanted does not matter
    kept = {p: items for p, items in groups.items() if not (p in deeper and all(_is_type(i) for i in items))}
    return [_problem(path, items, top, root) for path, items in kept.items()][:PROBLEMS]


def unseen_in(value: Any, path: Path = ()) -> Problem | None:
    """The first character in plain data that a terminal obeys instead of showing; YAML is refused for it as it is read."""
    if isinstance(value, str) and (unseen := UNSEEN.search(value)):
        return Problem(path, f"the character U+{ord(unseen.group()):04X} cannot be shown.", "Remove it.")
    if isinstance(value, Mapping):
        parts = [
            *((key, (*path, visible(str(key)))) for key in value),
            *((item, (*path, str(key))) for key, item in value.items()),
        ]
    elif isinstance(value, (list, tuple)):
        parts = [(item, (*path, i)) for i, item in enumerate(value)]
    else:
        return None
    return next((problem for part, where in parts if (problem := unseen_in(part, where)) is not None), None)


def _is_type(item: Any) -> bool:
    return item["type"] in _EXPECTED


def _path(item: Any, root: Node | None) -> Path:
    """The way to the value as the writer sees it: without pydantic's own parts."""
    location = [part for part in item["loc"] if part != "[key]"]
    ends_in_key = item["type"] in ("missing", "extra_forbidden")
    last = [location.pop()] if ends_in_key and location else []
    if root is None:
        tags = ("float", "int", "bool", "str", "constrained-str")
        return (*(part for part in location if part not in tags), *last)
    node = root
    path: list[str | int] = []
    for part in location:
        if (child := node.child(part)) is not None:
            node = child
            path.append(part)
    return (*path, *last)


def _problem(path: Path, items: list[Any], top: type[BaseModel], root: Node | None) -> Problem:
    problem = Problem(path, *_words(items, top))
    if root is None:
        return problem
    node = root.find(path)
    about_key = items[0]["type"] in ("missing", "extra_forbidden") or "[key]" in items[0]["loc"]
    return problem.placed(node.file, *(node.key if about_key and node.key else (node.line, node.column)))


def _words(items: list[Any], top: type[BaseModel]) -> tuple[str, str]:
    """The reason and the remedy for what is wrong at one place."""
    special = next((item for item in items if not _is_type(item)), None)
    if special is None:
        return _wrong_type(items, top)
    kind, context, name = special["type"], special.get("ctx", {}), str(special["loc"][-1] if special["loc"] else "")
    if kind == "extra_forbidden":
        return _unknown_key(special, top)
    if kind == "value_error":
        split = set("()[]\"'") & set(str(special["input"])) or special["input"] is None
        return f"{context.get('error', special['msg'])}.", _QUOTE if "[key]" in special["loc"] and split else ""
    if kind == "literal_error":
        allowed = [part.strip("'") for part in str(context["expected"]).replace(" or ", ", ").split(", ")]
        remedy = nearest(str(special["input"]), allowed)
        return f"'{special['input']}' is not one of: {', '.join(allowed)}.", remedy if remedy.startswith("Did") else ""
    if kind in _WRONG:
        return _WRONG[kind].format(name=name, input=special["input"], **context), ""
    return f"{special['msg']}.", ""


def _wrong_type(items: list[Any], top: type[BaseModel]) -> tuple[str, str]:
    """A value of the wrong kind; the members of a union are told together."""
    value = items[0]["input"]
    wanted = list(dict.fromkeys(_EXPECTED[item["type"]] for item in items))
    if set(wanted) >= _NUMBER:
        others = [name for name in wanted if name not in _NUMBER and name != "a whole number"]
        wanted = ["a number", "an expression", *others]
    elif (model := _model(top, items[0]["loc"])) is not None and getattr(model, "bare", ()) == (str,):
        wanted = ["text", *wanted]
    elif model is Assumption:
        wanted = ["a number", "an expression", "a distribution such as {uniform: [0, 1]}"]
    expected = " or ".join([", ".join(wanted[:-1]), wanted[-1]] if len(wanted) > 1 else wanted)
    if value is None:
        return f"no value is given; it must be {expected}.", ""
    remedy = "Put it in quotes." if wanted[0] == "text" and isinstance(value, (int, float)) else ""
    return f"it must be {expected}, not {kind_of(value)}.", remedy


def kind_of(value: Any) -> str:
    """What a plain value is, in words."""
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    if isinstance(value, (int, float)):
        return f"the number {value:g}" if abs(value) < 1e300 else "a huge number"
    if isinstance(value, str):
        return f"the text '{value if len(value) <= 40 else value[:39] + '…'}'"
    return "a mapping" if isinstance(value, Mapping) else "a list" if isinstance(value, list) else "this"


def _unknown_key(item: Any, top: type[BaseModel]) -> tuple[str, str]:
    name, known = str(item["loc"][-1]), keys_of(_model(top, item["loc"][:-1]))
    if name in PLACING and name in known:
        return f"'{name}' is for variants (extends).", "Here phases follow each other as they are listed."
    remedy = nearest(name, known)
    listed = f"Keys here: {', '.join(known)}."
    return f"'{name}' is not a key here.", f"{remedy} {listed}" if remedy.startswith("Did") else listed


def keys_of(model: type[BaseModel] | None) -> list[str]:
    """The keys that may be written in a model's place, short notations included."""
    if model is None:
        return []
    return [field.alias or name for name, field in model.model_fields.items()] + list(_ALSO.get(model, ()))


def models_of(model: type[BaseModel]) -> list[type[BaseModel]]:
    """A model and all that its keys lead to."""
    reached = [model]
    for parent in reached:
        todo = [field.annotation for field in parent.model_fields.values()]
        while todo:
            for member in _members(todo.pop()):
                if _is_model(member) and member not in reached:
                    reached.append(member)
                todo += get_args(member) if get_origin(member) in (dict, list) else ()
    return reached


def _model(top: type[BaseModel], location: Iterable[Any]) -> type[BaseModel] | None:
    """The model that stands at a place."""
    kind: Any = top
    for part in location:
        kind = _step(kind, part) or kind
    return next((member for member in _members(kind) if _is_model(member)), None)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _members(kind: Any) -> list[Any]:
    """A type, or the members of a union, without annotations."""
    if get_origin(kind) is Annotated:
        return _members(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        return [inner for member in get_args(kind) for inner in _members(member)]
    return [kind]


def _step(kind: Any, part: Any) -> Any:
    """The type under one key or index, or None where there is none."""
    for member in _members(kind):
        if _is_model(member):
            for name, field in member.model_fields.items():
                if part in (name, field.alias):
                    return field.annotation
        elif get_origin(member) is dict:
            return get_args(member)[1]
        elif get_origin(member) is list and isinstance(part, int):
            return get_args(member)[0]
    return None
