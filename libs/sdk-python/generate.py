"""Writes `src/stowage/generated` from the API's document: the models, and the operations of both clients.

    python3 generate.py

A form of schema that it does not know ends it with an error.
"""

import json
import keyword
import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
GENERATED = HERE / "src" / "stowage" / "generated"
WIDTH = 120
MARK = '"""Written by generate.py: do not edit."""'
SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
JSON = "application/json"
NULL = {"type": "null"}

Json = dict[str, Any]


def source(name: str, folder: str) -> Json:
    """Reads a file of the checkout, which a source package carries beside this script."""
    own = HERE / name
    return json.loads((own if own.exists() else HERE.parent.parent / folder / name).read_text("utf-8"))


def version() -> str:
    """Returns the version of the project."""
    return source("package.json", ".")["version"]


def snake(name: str) -> str:
    """Returns the name in Python of a name of the API."""
    words = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).replace("-", "_").lower()
    return f"{words}_" if keyword.iskeyword(words) else words


def field_name(name: str) -> str:
    """Returns the name of a field, from which the package can tell the name on the wire again."""
    words = snake(name)
    if re.sub(r"_(\w)", lambda match: match[1].upper(), words.rstrip("_")) != name:
        raise ValueError(f"the name {name} cannot be told from {words}")
    return words


def ref_name(schema: Json) -> str:
    """Returns the name of the schema that is referred to."""
    return schema["$ref"].rpartition("/")[2]


def docstring(text: str, indent: int) -> Iterator[str]:
    """Returns the lines of a docstring, wrapped, with its paragraphs."""
    space = " " * indent
    text = text.strip().replace('"""', "'''")
    width = WIDTH - indent - 8
    lines: list[str] = []
    for paragraph in text.split("\n"):
        hang = " " * (len(paragraph) - len(paragraph.lstrip()))
        more = hang + "    " if hang else ""
        wrapped = textwrap.wrap(
            paragraph, width, initial_indent="", subsequent_indent=more, break_long_words=False, break_on_hyphens=False
        )
        lines += wrapped or [""]
    quotes = 'r"""' if "\\" in text else '"""'
    if len(lines) == 1 and not lines[0].endswith('"'):
        yield f"{space}{quotes}{lines[0]}\"\"\""
        return
    yield f"{space}{quotes}{lines[0]}"
    yield from (f"{space}{line}".rstrip() for line in lines[1:])
    yield f'{space}"""'


def choices_of(schema: Json) -> list[Json]:
    """Returns the forms that a schema may have."""
    return schema.get("anyOf", schema.get("oneOf", []))


class Types:
    """Says which Python types the schemas of a document are."""

    def __init__(self, document: Json) -> None:
        self.schemas: Json = document["components"]["schemas"]
        self.inputs = set(self._reachable(body_schema(operation) for _, _, operation in operations_of(document)))
        self._enums = {tuple(schema["enum"]): name for name, schema in self.schemas.items() if "enum" in schema}

    def _reachable(self, roots: Iterable[Json | None]) -> Iterator[str]:
        seen: set[str] = set()
        waiting = [name for root in roots for name in self._refs(root)]
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                yield name
                waiting += self._refs(self.schemas[name])

    def _refs(self, node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if "$ref" in node:
                yield ref_name(node)
            for part in node.values():
                yield from self._refs(part)
        elif isinstance(node, list):
            for part in node:
                yield from self._refs(part)

    def is_nullable(self, schema: Json) -> bool:
        """Says whether null is a value."""
        return "null" in schema.get("type", ()) or NULL in choices_of(schema)

    def of(self, schema: Json, is_input: bool) -> str:
        """Returns the annotation of a schema."""
        return f"{self._bare(schema, is_input)} | None" if self.is_nullable(schema) else self._bare(schema, is_input)

    def _bare(self, schema: Json, is_input: bool) -> str:
        if "$ref" in schema:
            return ref_name(schema)
        if choices := [choice for choice in choices_of(schema) if choice != NULL]:
            names = list(dict.fromkeys(self._bare(choice, is_input) for choice in choices))
            # Of several forms, an answer would have to tell which one it is.
            if len(names) > 1 and not is_input:
                raise ValueError(f"several forms of an answer: {schema}")
            return " | ".join(names)
        if "enum" in schema:
            named = self._enums.get(tuple(schema["enum"]))
            return named or f"Literal[{', '.join(json.dumps(value) for value in schema['enum'])}]"
        kinds = [schema.get("type")] if not isinstance(schema.get("type"), list) else schema["type"]
        kind = "".join(str(kind) for kind in kinds if kind != "null")
        if kind == "array":
            return f"{'Sequence' if is_input else 'list'}[{self.of(schema['items'], is_input)}]"
        if kind == "object" and "additionalProperties" in schema:
            values = schema["additionalProperties"]
            inner = "Any" if values is True else self.of(values, is_input)
            return f"{'Mapping' if is_input else 'dict'}[str, {inner}]"
        if kind not in SCALARS:
            raise ValueError(f"a form of schema that is not known: {schema}")
        return "datetime" if schema.get("format") == "date-time" else SCALARS[kind]

    def member(self, schema: Json, is_required: bool, is_input: bool) -> str:
        """Returns annotation and default of a field or an argument."""
        annotation = self.of(schema, is_input)
        if is_required:
            return annotation
        if self.is_nullable(schema):
            return f"{annotation} | Unset = UNSET" if is_input else f"{annotation} = None"
        return f"{annotation} | None = None"


def about(schema: Json, is_required: bool) -> str:
    """Returns the description of a field or an argument, with its default."""
    text = schema.get("description", "").strip()
    default = schema.get("default", schema.get("schema", {}).get("default"))
    return text if is_required or default in (None, {}) else f"{text} Default: `{json.dumps(default)}`.".strip()


def models(types: Types) -> Iterator[str]:
    """Writes the module of the models."""
    yield MARK
    yield ""
    yield "from __future__ import annotations"
    yield ""
    yield "from collections.abc import Mapping, Sequence"
    yield "from dataclasses import dataclass"
    yield "from datetime import datetime"
    yield "from typing import Any, Literal, TypeAlias"
    yield ""
    yield "from ..codec import UNSET, Model, Unset"
    yield ""
    yield "__all__ = ["
    yield from (f'    "{name}",' for name in sorted(types.schemas))
    yield "]"
    for name, schema in sorted(types.schemas.items()):
        yield ""
        if "enum" in schema:
            yield f"{name}: TypeAlias = Literal["
            yield from (f"    {json.dumps(value)}," for value in schema["enum"])
            yield "]"
            if schema.get("description"):
                yield from docstring(schema["description"], 0)
            continue
        yield ""
        yield "@dataclass(slots=True, kw_only=True)"
        yield f"class {name}(Model):"
        yield from docstring(schema.get("description") or sentence_of(name), 4)
        required = schema.get("required", [])
        for wire, field in schema["properties"].items():
            yield ""
            yield f"    {field_name(wire)}: {types.member(field, wire in required, name in types.inputs)}"
            if text := about(field, wire in required):
                yield from docstring(text, 4)
        yield ""


def sentence_of(name: str) -> str:
    """Returns a docstring for a schema without a description."""
    return f"{snake(name).replace('_', ' ').capitalize()}."


def operations_of(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Returns method, path and description of each operation."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def body_schema(operation: Json) -> Json | None:
    """Returns the schema of the body, as JSON where that is possible."""
    content = operation.get("requestBody", {}).get("content", {})
    media = content.get(JSON) or next(iter(content.values()), None)
    return None if media is None else media["schema"]


class Method:
    """One operation as a method: what both clients say of it."""

    def __init__(self, http_method: str, path: str, operation: Json, types: Types) -> None:
        self.id: str = operation["operationId"]
        self.name = snake(self.id)
        self.constant = self.name.upper()
        self.http_method, self.path, self._operation, self._types = http_method, path, operation, types
        self._parameters = self._own_parameters()
        self.answer = self._answer()
        self._body = body_schema(operation)
        content = operation.get("requestBody", {}).get("content", {JSON: None})
        self.content_type = JSON if JSON in content else next(iter(content))
        self.takes_key = any(parameter["name"] == "Idempotency-Key" for parameter in self._parameters)
        names = [name for name, _, _ in self.arguments()]
        if len(set(names)) < len(names):
            raise ValueError(f"{self.id} has two arguments of one name: {names}")

    def _own_parameters(self) -> list[Json]:
        """Returns the parameters without headers that say the same as a parameter of the query."""
        parameters: list[Json] = self._operation.get("parameters", [])
        queries = {snake(parameter["name"]) for parameter in parameters if parameter["in"] == "query"}
        return [p for p in parameters if p["in"] != "header" or p["name"].lower().replace("-", "_") not in queries]

    def _answer(self) -> str:
        (success,) = (answer for status, answer in self._operation["responses"].items() if status.startswith("2"))
        content = success.get("content")
        if content is None:
            return "None"
        return ref_name(content[JSON]["schema"]) if JSON in content else "str"

    def arguments(self) -> list[tuple[str, str, str]]:
        """Returns name, annotation with default, and description of each argument; required ones come first."""
        found: list[tuple[str, str, str]] = []
        for parameter in self._parameters:
            is_required = parameter.get("required", False)
            annotation = self._types.member(parameter["schema"], is_required, True)
            found.append((argument_name(parameter), annotation, about(parameter, is_required)))
        if self.content_type != JSON:
            found.append(("content", "str | bytes", f"The body, as `{self.content_type}`."))
        elif self._body is not None:
            schema = self._types.schemas[ref_name(self._body)]
            for wire, field in schema["properties"].items():
                is_required = wire in schema.get("required", [])
                annotation = self._types.member(field, is_required, True)
                found.append((field_name(wire), annotation, about(field, is_required)))
        return sorted(found, key=lambda argument: (" = " in argument[1], argument[0] == "idempotency_key"))

    def item(self) -> str | None:
        """Returns the type of the items, where the operation is a list in pages."""
        page = self._types.schemas.get(self.answer, {}).get("properties", {})
        takes_cursor = any(parameter["name"] == "cursor" for parameter in self._parameters)
        return self._types.of(page["items"]["items"], False) if takes_cursor and "items" in page else None

    def description(self) -> Iterator[str]:
        """Writes what both clients share."""
        answer = "type(None)" if self.answer == "None" else self.answer
        yield f"{self.constant} = Operation("
        yield f'    "{self.http_method}",'
        yield f'    "{self.path}",'
        yield f"    {answer},"
        if self.takes_key:
            yield "    takes_key=True,"
        if self.content_type != JSON:
            yield f'    content_type="{self.content_type}",'
        yield ")"

    def lines(self, is_async: bool) -> Iterator[str]:
        """Writes the method."""
        yield from self._head(f"{'async ' if is_async else ''}def {self.name}", self.arguments(), self.answer)
        summary = f"{self._operation['summary'].rstrip('.')}."
        arguments = [f"    {name}: {text}" for name, _, text in self.arguments()]
        parts = [summary, self._operation.get("description", ""), "\n".join(["Args:", *arguments]) if arguments else ""]
        yield from docstring("\n\n".join(filter(None, parts)), 8)
        yield f"        return {'await ' if is_async else ''}self._call("
        yield "            Call("
        yield f"                {self.constant},"
        for place, name in (("path", "path"), ("query", "query"), ("header", "headers")):
            pairs = [f'"{p["name"]}": {argument_name(p)}' for p in self._parameters if p["in"] == place]
            if pairs:
                yield from listed(f"{name}={{", pairs, "},", 16)
        if self._body is not None:
            yield from self._body_lines()
        yield "            )"
        yield "        )"

    def _body_lines(self) -> Iterator[str]:
        if self._body is None or self.content_type != JSON:
            yield "                body=content,"
            return
        name = ref_name(self._body)
        fields = [field_name(wire) for wire in self._types.schemas[name]["properties"]]
        yield from listed(f"body={name}(", [f"{field}={field}" for field in fields], "),", 16)

    def iterator_lines(self, item: str, is_async: bool) -> Iterator[str]:
        """Writes the method that reads all pages."""
        arguments = [argument for argument in self.arguments() if argument[0] not in ("cursor", "limit")]
        name = re.sub(r"^(list_)?", "iter_", self.name)
        yield from self._head(f"def {name}", arguments, f"{'AsyncIterator' if is_async else 'Iterator'}[{item}]")
        yield from docstring(f"Iterates over the items of `{self.name}`, and reads page after page.", 8)
        given = [f"{argument}={argument}" for argument, _, _ in arguments] + [f"limit={self._limit()}", "cursor=cursor"]
        yield f"        return every_item{'_async' if is_async else ''}("
        yield from listed(f"lambda cursor: self.{self.name}(", given, ")", 12)
        yield "        )"

    def _limit(self) -> int:
        """Returns how many items a page has at most."""
        (limit,) = (parameter for parameter in self._parameters if parameter["name"] == "limit")
        return limit["schema"]["maximum"]

    def _head(self, name: str, arguments: list[tuple[str, str, str]], answer: str) -> Iterator[str]:
        yield ""
        yield f"    {name}("
        yield "        self,"
        if arguments:
            yield "        *,"
        yield from (f"        {argument}: {annotation}," for argument, annotation, _ in arguments)
        yield f"    ) -> {answer}:"


def listed(begin: str, items: list[str], end: str, indent: int) -> Iterator[str]:
    """Writes a list on one line, or on one line for each item where it is too long."""
    space = " " * indent
    line = f"{space}{begin}{', '.join(items)}{end}"
    if len(line) <= WIDTH:
        yield line
        return
    yield f"{space}{begin}"
    yield from (f"{space}    {item}," for item in items)
    yield f"{space}{end}"


def argument_name(parameter: Json) -> str:
    """Returns the name of the argument for a parameter."""
    name = parameter["name"]
    return name.lower().replace("-", "_") if parameter["in"] == "header" else snake(name)


def descriptions(methods: list[Method]) -> Iterator[str]:
    """Writes the module of what both clients share."""
    yield MARK
    yield ""
    yield "from ..operation import Operation"
    yield "from .models import *"
    for method in methods:
        yield ""
        yield from method.description()


def client(methods: list[Method], is_async: bool) -> Iterator[str]:
    """Writes the module of the methods of one client."""
    kind = "Async" if is_async else ""
    yield MARK
    yield ""
    yield f"from collections.abc import {kind}Iterator, Mapping, Sequence"
    yield "from datetime import datetime"
    yield "from typing import Any, Literal"
    yield ""
    yield "from ..codec import UNSET, Unset"
    yield f"from ..operation import Call, {kind}Caller"
    yield f"from ..pages import every_item{'_async' if is_async else ''}"
    yield "from .descriptions import *"
    yield "from .models import *"
    yield ""
    yield ""
    yield f"class {kind}Operations({kind}Caller):"
    yield '    """The operations of the API, by their operationId."""'
    for method in methods:
        yield from method.lines(is_async)
        if (item := method.item()) is not None:
            yield from method.iterator_lines(item, is_async)


def write(name: str, lines: Iterable[str]) -> None:
    """Writes a module, unless it is the same already."""
    text = re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines)).rstrip() + "\n"
    path = GENERATED / f"{name}.py"
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")


def generate() -> None:
    """Writes all modules."""
    document = source("openapi.json", "docs")
    types = Types(document)
    methods = [Method(*parts, types) for parts in operations_of(document)]
    GENERATED.mkdir(exist_ok=True)
    write("__init__", [MARK])
    write("models", models(types))
    write("descriptions", descriptions(methods))
    write("operations", client(methods, False))
    write("async_operations", client(methods, True))


if __name__ == "__main__":
    generate()
