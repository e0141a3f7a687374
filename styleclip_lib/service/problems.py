"""Errors as the web has them: application/problem+json (RFC 9457), with the library's own sentences."""

from __future__ import annotations

import http
import logging
from typing import Any

import redis
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from ..errors import StyleclipError, plain
from .broker import RefusedError
from .forms import FormError
from .process import UNEXPECTED

TYPE = "application/problem+json"
log = logging.getLogger("styleclip")


class Problem(BaseModel):
    """What is wrong, and what to do about it."""

    type: str = "about:blank"
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["No face was found in the picture."])


class ProblemError(Exception):
    """Ends a request with a problem. headers: of the answer, such as Retry-After"""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None):
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers or {}


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The answer that says what is wrong."""
    content = {"type": "about:blank", "title": TITLES.get(status, "Error"), "status": status, "detail": plain(detail)}
    return JSONResponse(content, status, headers=headers, media_type=TYPE)


TITLES = {one.value: one.phrase for one in http.HTTPStatus} | {413: "Content Too Large", 422: "Unprocessable Content"}

COULD_BE = {400: "the request cannot be read", 401: "the API key is missing or wrong", 403: "the request comes from another site",
            404: "unknown, or deleted by now", 406: "no such format", 408: "the request did not arrive in time",
            409: "there is no picture, or not yet", 413: "larger than allowed",
            422: "invalid settings, or a picture that cannot be edited",
            429: "this client has too many jobs", 500: "unexpected error", 503: "overloaded, or no worker is available"}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: the problems that an operation may answer with."""
    return {status: {"description": COULD_BE[status], "content": {TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
            for status in sorted(statuses)}


def install(app: FastAPI) -> None:
    """Whatever goes wrong in the app becomes a problem."""

    @app.exception_handler(ProblemError)
    async def _(request: Request, error: ProblemError) -> JSONResponse:
        return problem(error.status, error.detail, error.headers)

    @app.exception_handler(RefusedError)
    async def _(request: Request, error: RefusedError) -> JSONResponse:
        return problem(error.status, error.detail, {"Retry-After": str(error.retry_after)} if error.retry_after else None)

    @app.exception_handler(redis.RedisError)
    async def _(request: Request, error: redis.RedisError) -> JSONResponse:
        log.error("Redis cannot be used: %s", type(error).__name__)
        return problem(503, "The queue of the jobs cannot be reached: try again in a moment.", {"Retry-After": "5"})

    @app.exception_handler(Exception)
    async def _(request: Request, error: Exception) -> JSONResponse:
        return problem(500, UNEXPECTED.format(type(error).__name__))  # the guard writes the log

    @app.exception_handler(FormError)
    async def _(request: Request, error: FormError) -> JSONResponse:
        return problem(400, str(error))

    @app.exception_handler(ClientDisconnect)
    async def _(request: Request, error: ClientDisconnect) -> JSONResponse:
        return problem(400, "The upload was broken off.")  # nobody hears it

    @app.exception_handler(StyleclipError)
    async def _(request: Request, error: StyleclipError) -> JSONResponse:
        return problem(422, str(error))

    @app.exception_handler(RequestValidationError)
    async def _(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        return problem(422, f"{first['loc'][-1]}: {first['msg']}.")

    @app.exception_handler(HTTPException)
    async def _(request: Request, error: HTTPException) -> JSONResponse:
        details = {404: "There is nothing here: /openapi.json lists all paths.",
                   405: "This path takes another HTTP method: see /openapi.json."}
        return problem(error.status_code, details.get(error.status_code, str(error.detail)), dict(error.headers or {}))
