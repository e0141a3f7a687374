"""The paths of jobs: submit one, query it, follow it, stop it, delete it, get its pictures."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request
from fastapi import Path as InPath
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from .answers import FORMATS, JobAnswer, converted, events, job_answer, wanted_format
from .broker import Broker
from .forms import read_form, read_task
from .limits import Limits
from .problems import ProblemError, responses
from .running import Service
from .schema import form_schema
from .tasks import EditTask, FacesTask, Job, SampleTask, StylizeTask, Task

EXAMPLES = {
    EditTask: {"directions": {"summary": "a smile by global directions, with automatic strength",
                              "value": {"text": "a smiling face", "method": "directions", "strength": "auto"}},
               "optimization": {"summary": "glasses by latent optimisation in fewer steps, for a woman without them",
                                "value": {"text": "a woman with glasses", "neutral": "a woman", "steps": 50}},
               "invented": {"summary": "an invented face instead of a picture",
                            "value": {"text": "a face with a hat", "method": "mapper", "face_seed": 7}}},
    StylizeTask: {"mosaic": {"summary": "a mosaic, in fewer steps than usual", "value": {"text": "a mosaic", "steps": 40}}},
    FacesTask: {},
    SampleTask: {"sample": {"summary": "the face of a seed", "value": {"seed": 7, "truncation_psi": 0.7}},
                 "text": {"summary": "a face that matches a text", "value": {"text": "a smiling woman with glasses", "seed": 7}}},
}

Prefer = Annotated[str, Header(description="`wait` or `wait=SECONDS`: answer with the result, not with 202", examples=["wait=60"])]
Accept = Annotated[str, Header(description="the format of a picture: image/png, image/jpeg or image/webp", examples=["image/jpeg"])]
Key = Annotated[str, Header(description="the same key with the same request is the same job, however often it is sent", max_length=200)]
Id = Annotated[str, InPath(description="a job's id", max_length=64, examples=["kq3vXl0m9cX4bJ8hW1sN2w"])]
Format = Annotated[Literal["png", "jpeg", "webp"] | None, Query(description="the format; else the header Accept decides")]

PICTURE = {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in FORMATS}}


def job_routes(kind: type[Task], service: Service) -> APIRouter:
    """The same paths for each kind of task."""
    router = APIRouter(prefix=f"/v1/{kind.PATH}", tags=[kind.PATH])

    async def found(id: str) -> Job:
        job = await service.broker.find(id)
        if job is None or job.task.PATH != kind.PATH:
            raise ProblemError(404, "There is no such job, or it has been deleted: results are kept for "
                                    f"{service.limits.keep_minutes:g} minutes.")
        return job

    _add_asking(router, kind, service)
    _add_watching(router, kind, service, found)
    _add_ending(router, kind, service, found)
    for name in (*kind.MAKES, *(["preview"] if kind.MAKES else [])):
        router.add_api_route(f"/{{id}}/{name}", _pictures(name, found, service.broker), response_class=Response, response_model=None,
                             operation_id=f"{name}_of_{kind.PATH}", summary=WHAT[name],
                             responses={200: {"description": WHAT[name], **PICTURE}, **responses(404, 406, 409, 422)})
    return router


def _add_asking(router: APIRouter, kind: type[Task], service: Service) -> None:
    form = {"required": True, "content": {"multipart/form-data": {"schema": form_schema(kind), "examples": EXAMPLES[kind]}}}

    @router.post("", status_code=202, response_model=JobAnswer, operation_id=f"ask_for_{kind.PATH}", summary=kind.__doc__.split("\n")[0],
                 openapi_extra={"requestBody": form},
                 responses={200: {"description": "with Prefer: wait, the result", **(PICTURE if kind.MAKES else {"model": JobAnswer})},
                            202: {"description": "the job was accepted"}, **responses(400, 403, 406, 408, 413, 422, 429, 500, 503)})
    async def ask(request: Request, prefer: Prefer = "", accept: Accept = "*/*", idempotency_key: Key = "") -> Any:
        wait = _seconds_to_wait(prefer, service.limits)
        format = wanted_format(accept) if kind.MAKES and wait else ""
        if service.draining:
            raise ProblemError(503, "The service is shutting down: try again in a moment.", {"Retry-After": "10"})
        words, picture = await read_form(request)
        task = await run_in_threadpool(read_task, kind, words, picture)
        job = await service.broker.submit(task, picture, request.client.host if request.client else "", idempotency_key)
        if wait:
            job = await _ended(request, service.broker, job, wait, keep=bool(idempotency_key))
        return await _first_answer(job, service, bool(wait), format)


async def _first_answer(job: Job, service: Service, waited: bool, format: str) -> Response:
    """The job; or its result, if the client has waited and it is over."""
    own = job_answer(job, service.keep_seconds)
    headers = {"Location": own.links["self"], **({"Preference-Applied": "wait"} if job.is_over and waited else {})}
    if not waited or not job.is_over:
        return Response(own.model_dump_json(), 202, headers, "application/json")
    _check_done(job)
    if job.task.MAKES:
        return await _picture(service.broker, job, job.task.MAKES[0], format, headers)
    return Response(own.model_dump_json(), 200, headers, "application/json")


def _add_watching(router: APIRouter, kind: type[Task], service: Service, found: Callable) -> None:
    @router.get("/{id}", response_model=JobAnswer, operation_id=f"look_at_{kind.PATH}", summary="The state of a job",
                responses=responses(404, 422))
    async def look(id: Id) -> JobAnswer:
        return job_answer(await found(id), service.keep_seconds)

    @router.get("/{id}/events", operation_id=f"follow_{kind.PATH}", summary="A job's progress as server-sent events", response_model=None,
                response_class=StreamingResponse, responses={200: {"description": "`progress` for every change, and `end`",
                                                                   "content": {"text/event-stream": {}}},
                                                             **responses(404, 422)})
    async def follow(id: Id) -> StreamingResponse:
        await found(id)
        stream = events(service.broker, id, service.keep_seconds, service.limits.wait_seconds)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _add_ending(router: APIRouter, kind: type[Task], service: Service, found: Callable) -> None:
    @router.post("/{id}/stop", response_model=JobAnswer, operation_id=f"stop_{kind.PATH}", summary="Stop a job with the best result so far",
                 responses=responses(403, 404, 422))
    async def stop(id: Id) -> JobAnswer:
        await found(id)
        await service.broker.stop(id)
        return job_answer(await found(id), service.keep_seconds)

    @router.delete("/{id}", status_code=204, operation_id=f"forget_{kind.PATH}", summary="Cancel a job and delete everything",
                   response_class=Response, responses=responses(403, 404, 422))
    async def forget(id: Id) -> Response:
        await found(id)
        await service.broker.forget(id)
        return Response(status_code=204)


WHAT = {"picture": "The result", "before": "The face before the edit, as the generator draws it; with paste_back the uploaded picture",
        "preview": "The latest intermediate picture, always a JPEG"}


def _pictures(name: str, which: Callable, broker: Broker) -> Callable:
    """The function that answers with one picture of a job."""

    async def picture(id: Id, format: Format = None, accept: Accept = "*/*") -> Response:
        job = await which(id)
        if name == "preview":
            return await _picture(broker, job, name, "image/jpeg", {})
        if job.state == "failed":
            _check_done(job)
        return await _picture(broker, job, name, wanted_format(accept, format or ""), {})

    return picture


async def _picture(broker: Broker, job: Job, name: str, format: str, headers: dict[str, str]) -> Response:
    content = await broker.picture(job.id, name)
    if content is None:
        raise ProblemError(409, "This job made no picture." if job.is_over else "There is no picture yet: the job is still "
                                f"{'waiting' if job.state == 'queued' else 'running'}.")
    content = content if name == "preview" else await run_in_threadpool(converted, content, format)
    return Response(content, 200, {**headers, "Vary": "Accept"}, format)


def _check_done(job: Job) -> None:
    """Raises ProblemError for a job without a result."""
    if job.state == "failed":
        status = job.problem["status"]
        raise ProblemError(status, job.problem["detail"], {"Retry-After": "5"} if status == 503 else None)
    if job.state == "cancelled":
        raise ProblemError(409, "The job was cancelled.")


def _seconds_to_wait(prefer: str, limits: Limits) -> float:
    """What `Prefer: wait=10` (RFC 7240) asks for, the longest time allowed for `wait` alone; 0 for anything else."""
    for one in prefer.lower().split(","):
        if match := re.fullmatch(r'\s*wait\s*(?:=\s*"?([0-9]{1,6})"?\s*)?(?:;.*)?', one):
            return min(float(match[1] or limits.wait_seconds), limits.wait_seconds)
    return 0.0


async def _ended(request: Request, broker: Broker, job: Job, seconds: float, keep: bool) -> Job:
    """The job once it is over, or as it is when the time is up. keep: even if the client disconnects, because it has a key to ask again."""
    looked = time.monotonic()
    async for one in broker.follow(job.id, seconds, beat=0.5):
        job = one or job
        if keep or time.monotonic() < looked + 0.4:
            continue
        looked = time.monotonic()
        if await request.is_disconnected():
            await broker.forget(job.id)
            raise ProblemError(408, "The client has disconnected.")
    return job
