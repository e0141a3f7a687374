"""Tasks and settings as JSON Schema, made of their fields: what OpenAPI and the page know of a method comes from here."""

from __future__ import annotations

import math
import types
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from ..editing.recipes import Recipe
from ..settings import Settings
from ..stylization.recipe import StyleRecipe
from .tasks import EditTask, StylizeTask, Task


def settings_schema(kind: type[Settings]) -> dict[str, Any]:
    """The JSON object that `Settings.from_dict` takes for a class, or for any class of a family."""
    if kind.TAG and not kind.KIND:
        return {"oneOf": [settings_schema(one) for one in kind.family().values()]}
    hints = get_type_hints(kind)
    properties = {one.name: field_schema(one, hints[one.name]) for one in fields(kind)}
    if kind.TAG:
        properties = {kind.TAG: {"const": kind.KIND, "type": "string"}, **properties}
    needed = [*([kind.TAG] if kind.TAG else []), *(one.name for one in fields(kind) if one.default is MISSING)]
    described = {"description": kind.__doc__.strip().splitlines()[0]} if kind.__doc__ else {}
    return {"type": "object", **described, "properties": properties, "required": needed, "additionalProperties": False}


def field_schema(one: Field, hint: Any) -> dict[str, Any]:
    """A field: type, range, default, what it is for."""
    schema = type_schema(hint, one.metadata)
    default = {} if one.default is MISSING or isinstance(one.default, (Settings, tuple)) else {"default": one.default}
    described = {"description": one.metadata["help"]} if one.metadata.get("help") else {}
    return {**schema, **default, **described}


def type_schema(hint: Any, limits: Any) -> dict[str, Any]:
    """A type with the limits of its field."""
    origin, options = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return {"anyOf": [type_schema(option, limits) for option in options]}
    if origin is Literal:
        return {"enum": list(options)}
    if origin is tuple:
        if options[-1] is Ellipsis:
            return {"type": "array", "items": type_schema(options[0], limits)}
        return {"type": "array", "prefixItems": [type_schema(one, limits) for one in options], "minItems": len(options),
                "maxItems": len(options)}
    if isinstance(hint, type) and is_dataclass(hint):
        return settings_schema(hint)
    low, high = limits.get("low", -math.inf), limits.get("high", math.inf)
    if hint in (int, float):
        ends = {name: int(end) if end == int(end) else end for name, end in (("minimum", low), ("maximum", high)) if math.isfinite(end)}
        return {"type": "integer" if hint is int else "number", **ends}
    if hint is str:
        ends = {name: int(end) for name, end in (("minLength", low), ("maxLength", high)) if math.isfinite(end)}
        return {"type": "string", **ends}
    return {"type": {bool: "boolean", type(None): "null"}[hint]}


def form_schema(kind: type[Task]) -> dict[str, Any]:
    """The multipart form that asks for a task: its own fields, and for an edit `method` and each setting of each method."""
    hints = get_type_hints(kind)
    properties = {one.name: field_schema(one, hints[one.name]) for one in fields(kind) if one.name != "recipe"}
    if kind.TAKES_PICTURE:
        properties = {"image": {"type": "string", "format": "binary", "description": "a picture: PNG, JPEG, WebP, GIF, BMP or TIFF"},
                      **properties}
    if kind is StylizeTask:
        properties |= settings_schema(StyleRecipe)["properties"]
    if kind is EditTask:
        properties["method"] = {"enum": list(Recipe.family()), "default": "optimization", "description": "how the face is edited"}
        properties["recipe"] = {"type": "string", "contentMediaType": "application/json", "description":
                                "what the studio, styleclip edit --report or another answer wrote; other fields change it"}
        for name, schema in recipe_fields().items():
            properties.setdefault(name, schema)
    required = [name for name in ("image", "text") if name in properties and kind is not EditTask]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def recipe_fields() -> dict[str, dict[str, Any]]:
    """Every setting of every method by its name; which methods have it stands in the description."""
    users_of: dict[str, list[tuple[type[Recipe], dict[str, Any]]]] = {}
    for kind in Recipe.family().values():
        hints = get_type_hints(kind)
        for one in fields(kind):
            users_of.setdefault(one.name, []).append((kind, field_schema(one, hints[one.name])))
    described = {}
    for name, users in users_of.items():
        methods = "all methods" if len(users) == len(Recipe.family()) else ", ".join(kind.KIND for kind, _ in users)
        schema = {key: value for key, value in users[0][1].items() if key != "default"}
        described[name] = {**schema, "description": f"{methods}: {users[0][1].get('description', '')}"}
    return described
