"""What `generate.py` makes of the forms of a document."""

import runpy
import unittest
from pathlib import Path
from typing import Any

GENERATE = runpy.run_path(str(Path(__file__).parent.parent / "generate.py"))


def document(fields: dict[str, Any], parameters: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Makes a document of one operation, whose body and answer have these fields; none of them is required."""
    schema = {"schema": {"$ref": "#/components/schemas/Thing"}}
    operation = {
        "operationId": "makeThing",
        "summary": "Make a thing",
        "parameters": parameters or [],
        "requestBody": {"content": {"application/json": schema}},
        "responses": {"201": {"content": {"application/json": schema}}},
    }
    return {
        "paths": {"/things": {"post": operation}},
        "components": {"schemas": {"Thing": {"type": "object", "properties": fields}}},
    }


def generated(made: dict[str, Any]) -> str:
    types = GENERATE["Types"](made)
    [parts] = GENERATE["operations_of"](made)
    method = GENERATE["Method"](*parts, types)
    return "\n".join([*GENERATE["models"](types), *method.description(), *method.lines(False)])


class Generating(unittest.TestCase):
    def test_tells_left_out_from_null_only_where_null_is_a_value(self) -> None:
        ends_at = {"type": ["string", "null"], "format": "date-time"}
        text = generated(document({"size": {"type": "integer"}, "endsAt": ends_at}))
        self.assertIn("    size: int | None = None\n", text)
        self.assertIn("    ends_at: datetime | None | Unset = UNSET\n", text)

    def test_gives_words_of_python_an_underscore(self) -> None:
        self.assertIn("    from_: str | None = None\n", generated(document({"from": {"type": "string"}})))

    def test_sends_a_body_that_is_no_json_as_it_is(self) -> None:
        made = document({"size": {"type": "integer"}})
        content = made["paths"]["/things"]["post"]["requestBody"]["content"]
        content["application/x-ndjson"] = content.pop("application/json")
        text = generated(made)
        self.assertIn('    content_type="application/x-ndjson",\n', text)
        self.assertIn("        content: str | bytes,\n", text)
        self.assertIn("                body=content,\n", text)

    def test_refuses_what_it_does_not_know(self) -> None:
        two = {"type": ["string", "integer"]}
        forms: list[dict[str, Any]] = [{"allOf": []}, {"type": "tuple"}, {"type": "object"}, two]
        for unknown in forms:
            with self.subTest(unknown), self.assertRaisesRegex(ValueError, "a form of schema that is not known"):
                generated(document({"size": unknown}))

    def test_takes_several_forms_where_they_are_sent_and_refuses_them_in_an_answer(self) -> None:
        either = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
        made = document({"size": either})
        self.assertIn("    size: str | Sequence[str] | None = None\n", generated(made))
        del made["paths"]["/things"]["post"]["requestBody"]
        with self.assertRaisesRegex(ValueError, "several forms of an answer"):
            generated(made)

    def test_refuses_names_that_python_cannot_tell_apart(self) -> None:
        with self.assertRaisesRegex(ValueError, "the name userID cannot be told from user_id"):
            generated(document({"userID": {"type": "string"}}))
        query = {"name": "size", "in": "query", "schema": {"type": "integer"}}
        with self.assertRaisesRegex(ValueError, "makeThing has two arguments of one name"):
            generated(document({"size": {"type": "integer"}}, [query]))
