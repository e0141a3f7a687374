"""The HTTP interface: everything that can be asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from .. import __version__
from ..editing.recipes import Recipe
from . import metrics, problems
from .broker import Broker
from .guard import OPEN, Guard
from .jobs import job_routes
from .metrics import Metrics
from .problems import ProblemError, responses
from .running import Service
from .schema import settings_schema
from .tasks import EditTask, FacesTask, SampleTask, StylizeTask

PAGE = Path(__file__).parent / "page"

TEXTS = ("a smiling face", "a face with glasses", "a surprised face", "a face with a hat", "a face with blue hair", "an old face",
         "a face with a beard", "a bald face")
"""Suggestions for what a face could become."""

DESCRIPTIONS = ("a face", "a man", "a woman", "a smiling face", "a face with glasses", "a bald man")
"""Suggestions for what a picture shows."""

ABOUT = """Edit faces with sentences. A job is asked for with POST and answered with 202 and its address, or, with `Prefer: wait`, with
the picture itself. Pictures and results are kept in memory, never on disk, and are gone after some minutes, or at once with DELETE. Every
error is `application/problem+json`, and says in its `detail` what to do."""


def create_app(service: Service) -> Metrics:
    """The ASGI application of a service: counted, guarded, documented."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await service.broker.start()
        yield
        await service.broker.close()

    app = FastAPI(title="styleclip", version=__version__, description=ABOUT, lifespan=lifespan, docs_url=None, redoc_url=None,
                  separate_input_output_schemas=False)
    problems.install(app)
    app.include_router(_about(service))
    for kind in (EditTask, StylizeTask, FacesTask, SampleTask):
        app.include_router(job_routes(kind, service))
    app.include_router(_page())
    app.mount("/static", StaticFiles(directory=PAGE))
    if service.offline is not None:
        app.mount("/offline", StaticFiles(directory=service.offline.folder, html=True))
    _document(app, service)
    return Metrics(Guard(app, service.limits, service.api_key, service.hosts))


# --- about the service ------------------------------------------------------------------------------------------------------


def _about(service: Service) -> APIRouter:
    router, broker = APIRouter(), service.broker

    @router.get("/v1/domains", tags=["domains"], operation_id="list_domains", summary="The domain that is served, and its methods",
                responses=responses(503))
    async def domains() -> list[dict[str, Any]]:
        offline = service.offline.to_dict() if service.offline is not None else None
        return [{**domain, "methods": _methods(domain), "texts": TEXTS, "descriptions": DESCRIPTIONS, "limits": service.limits.to_dict(),
                 "offline": offline} for domain in await _there(broker)]

    @router.get("/healthz", tags=["health"], operation_id="is_alive", summary="Whether the service is alive")
    async def alive() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz", tags=["health"], operation_id="is_ready", summary="Whether jobs are taken and computed",
                responses=responses(503))
    async def ready() -> dict[str, str]:
        if service.draining:
            raise ProblemError(503, "The service is about to end.")
        await _there(broker)
        return {"status": "ready"}

    @router.get("/metrics", tags=["health"], operation_id="read_metrics", summary="Figures for Prometheus", response_class=Response,
                responses={200: {"description": "figures", "content": {"text/plain": {"schema": {"type": "string"}}}}, **responses(503)})
    async def figures(request: Request) -> Response:
        return Response(request.scope["metrics"].text(await broker.stats()), media_type=metrics.TYPE)

    return router


async def _there(broker: Broker) -> list[dict[str, Any]]:
    """The domains, of which there is one. Raises ProblemError while no worker is ready."""
    try:
        domains = await broker.domains()
    except Exception:  # what is wrong with a domain or with Redis is for the log
        domains = []
    if not domains:
        raise ProblemError(503, "No worker is ready yet: try again in a moment.", {"Retry-After": "2"})
    return domains


def _methods(domain: dict[str, Any]) -> list[dict[str, Any]]:
    """Every method of editing, as a client needs it to make controls."""
    return [{"method": kind.KIND, "title": kind.TITLE, "about": kind.__doc__.strip().splitlines()[0], "needs_text": kind.NEEDS_TEXT,
             "schema": settings_schema(kind), "choices": domain["choices"].get(kind.KIND, {}),
             "presets": {name: preset.to_dict() for name, preset in kind.PRESETS.items()}}
            for kind in Recipe.family().values()]


# --- the page ---------------------------------------------------------------------------------------------------------------


def _page() -> APIRouter:
    """What has to lie at the root: the page, its manifest, and its service worker."""
    router = APIRouter(include_in_schema=False)
    for path, kind in (("index.html", "text/html"), ("manifest.webmanifest", "application/manifest+json"), ("sw.js", "text/javascript")):
        router.add_api_route(f"/{path.removeprefix('index.html')}", _file(PAGE / path, kind), methods=["GET", "HEAD"], response_model=None)
    return router


def _file(path: Path, kind: str) -> Callable:
    async def file() -> FileResponse:
        return FileResponse(path, media_type=kind)

    return file


def _document(app: FastAPI, service: Service) -> None:
    """OpenAPI with the schema of problems and, if there is one, the key."""
    make = app.openapi

    def openapi() -> dict[str, Any]:
        schema = make()
        parts = schema.setdefault("components", {}).setdefault("schemas", {})
        parts["Problem"] = problems.Problem.model_json_schema()
        for unused in ("HTTPValidationError", "ValidationError"):
            parts.pop(unused, None)
        if service.api_key:
            schema["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
            schema["security"] = [{"key": []}]
            for path in schema["paths"].keys() - set(OPEN):
                for operation in schema["paths"][path].values():
                    operation["responses"] |= {str(status): answer for status, answer in responses(401).items()}
        return schema

    app.openapi = openapi
