"""Makes MongoDB's validator from the model, which guards the collection against other programs too."""

from typing import Any

from pydantic import BaseModel

KEPT = {
    "pattern", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems",
    "required", "enum", "additionalProperties",
}  # fmt: skip
DROPPED = {"title", "description", "examples", "default", "format", "$defs"}
TYPES: dict[str, str | list[str]] = {
    "string": "string",
    "integer": ["int", "long"],
    "number": ["double", "int", "long"],
    "boolean": "bool",
    "null": "null",
    "array": "array",
    "object": "object",
}
DATE = r"^\d{4}-\d{2}-\d{2}$"


def bson_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the ``$jsonSchema`` of *model* in MongoDB's dialect: no references, BSON types, moments as dates.

    Raises ValueError for an unknown keyword, so that no rule is lost silently.
    """
    schema = model.model_json_schema(mode="serialization")
    return translated(schema, schema.get("$defs", {}))


def translated(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return a JSON Schema node in MongoDB's dialect."""
    if "$ref" in schema:
        return translated(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions)
    result: dict[str, Any] = {}
    for word, value in schema.items():
        match word:
            case "type":
                result["bsonType"] = "date" if schema.get("format") == "date-time" else TYPES[value]
            case "properties":
                result["properties"] = {name: translated(part, definitions) for name, part in value.items()}
            case "items":
                result["items"] = translated(value, definitions)
            case "anyOf":
                result["anyOf"] = [translated(part, definitions) for part in value]
            case "const":
                result["enum"] = [value]
            case _ if word in KEPT:
                result[word] = value
            case _ if word not in DROPPED:
                raise ValueError(f"no rule for the JSON Schema keyword {word!r}")
    if schema.get("format") == "date":
        result["pattern"] = DATE
    return result
