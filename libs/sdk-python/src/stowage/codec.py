"""Converts between the JSON of the API (camelCase) and its models (snake_case)."""

import enum
import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from datetime import datetime, timezone
from functools import partial
from typing import Any, ClassVar, Final, NamedTuple, Self, TypeGuard, Union, get_args, get_origin, get_type_hints


class Unset(enum.Enum):
    """The type of `UNSET`."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET
"""Leaves out a field in which `None` is a value of its own, such as "without a limit"."""


class Model:
    """The base of the objects of the API, which are dataclasses."""

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Makes it from JSON of the API. Fields that this version does not know are left out, missing ones are None."""
        model = object.__new__(cls)
        for name, wire, default, _, convert in _plan(cls):
            value = data.get(wire, default)
            setattr(model, name, value if convert is None or value is None or value is UNSET else convert(value))
        return model

    def to_dict(self) -> dict[str, Any]:
        """Returns its JSON, without the fields that are left out."""
        document: dict[str, Any] = {}
        for name, wire, default, is_required, _ in _plan(type(self)):
            value = getattr(self, name)
            if is_required or value is not default:
                document[wire] = to_json(value)
        return document


def to_json(value: Any) -> Any:
    """Returns the JSON of a value of a field."""
    if isinstance(value, Model):
        return value.to_dict()
    if isinstance(value, datetime):
        # A time without a zone is one of this machine, as everywhere in Python.
        return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    return [to_json(item) for item in value] if _is_list(value) else value


def _is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def to_text(value: Any) -> str:
    """Returns the text of a value in a path, a query or a header."""
    json = to_json(value)
    if isinstance(json, bool):
        return "true" if json else "false"
    return ",".join(map(to_text, value)) if isinstance(json, list) else str(json)


class _Field(NamedTuple):
    name: str
    wire: str
    default: Any
    is_required: bool
    convert: Callable[[Any], Any] | None


_plans: dict[type[Model], tuple[_Field, ...]] = {}


def _plan(model: type[Model]) -> tuple[_Field, ...]:
    known = _plans.get(model)
    if known is not None:
        return known
    hints = get_type_hints(model)
    plan = tuple(
        _Field(
            field.name,
            _camel(field.name),
            None if field.default is MISSING else field.default,
            field.default is MISSING,
            _converter(hints[field.name]),
        )
        for field in fields(model)
    )
    _plans[model] = plan
    return plan


def _camel(name: str) -> str:
    """Returns the name on the wire; names that are Python's own words end in an underscore here."""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name.rstrip("_"))


def _each(convert: Callable[[Any], Any], items: list[Any]) -> list[Any]:
    return [convert(item) for item in items]


def _converter(hint: Any) -> Callable[[Any], Any] | None:
    """Returns what makes a value of a type from its JSON; None where that is the JSON itself."""
    arguments = get_args(hint)
    if get_origin(hint) in (Union, types.UnionType):
        found = [convert for convert in map(_converter, arguments) if convert is not None]
        return found[0] if found else None
    if get_origin(hint) in (list, Sequence):
        convert = _converter(arguments[0])
        return None if convert is None else partial(_each, convert)
    if hint is datetime:
        return datetime.fromisoformat
    return hint.from_dict if isinstance(hint, type) and issubclass(hint, Model) else None
