"""What the service answers with: a job as JSON, a picture in the format that was asked for, events."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from typing import Any, Literal

from PIL import Image
from pydantic import BaseModel, Field

from .broker import Broker
from .problems import ProblemError
from .tasks import Job

FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
QUALITY = 95
BEAT = 15.0
"""Seconds after which a stream of events that has nothing to say shows that it is alive."""


class JobAnswer(BaseModel):
    """A job: how far it is, and where to get what comes out."""

    id: str = Field(examples=["kq3vXl0m9cX4bJ8hW1sN2w"])
    task: Literal["edit", "stylize", "faces", "sample"]
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    ahead: int = Field(description="how many jobs wait before this one")
    phase: str = Field(description="what is being done", examples=["inverting"])
    step: int
    steps: int = Field(description="how many there are at most; 0 where nobody counts them")
    previews: int = Field(description="how many pictures there were on the way; links.preview shows the latest")
    problem: dict[str, Any] | None = Field(description="why it failed: status and detail")
    result: dict[str, Any] = Field(description="an edit: report, recipe, notes; a stylization: recipe, text, notes; faces: "
                                               "faces, width, height, notes; a sample: text, seed, truncation_psi")
    links: dict[str, str] = Field(description="where the job, its events and its pictures are")
    created: float = Field(description="seconds since 1970")
    expires: float = Field(description="when all of this will be gone; seconds since 1970")


def job_answer(job: Job, keep_seconds: float) -> JobAnswer:
    """A job, for JSON."""
    own = f"/v1/{job.task.PATH}/{job.id}"
    links = {"self": own, "events": f"{own}/events", **{name: f"{own}/{name}" for name in job.made}}
    if job.previews and not job.is_over:
        links["preview"] = f"{own}/preview?n={job.previews}"
    return JobAnswer(id=job.id, task=job.task.KIND, state=job.state, ahead=job.ahead, phase=job.phase if job.state == "running" else "",
                     step=job.step, steps=job.steps, previews=job.previews, problem=job.problem, result=job.facts, links=links,
                     created=job.created, expires=(job.ended or job.created) + keep_seconds)


def wanted_format(accept: str, asked: str = "") -> str:
    """The media type of a picture: what the query asks for, else the first of the Accept header that there is, else PNG.

    Raises ProblemError where the client takes none of those that there are.
    """
    if asked:
        return f"image/{asked}"
    wishes = []
    for number, wish in enumerate(accept.split(",")):
        kind, *parameters = (part.strip().lower() for part in wish.split(";"))
        quality = next((one.removeprefix("q=") for one in parameters if one.startswith("q=")), "1")
        wishes.append((-_number(quality), number, kind))
    for quality, _, kind in sorted(wishes):
        if quality < 0 and kind in ("", "*/*", "image/*"):
            return "image/png"
        if quality < 0 and kind in FORMATS:
            return kind
    if not accept:
        return "image/png"
    raise ProblemError(406, f"Pictures come as {', '.join(FORMATS)}: ask for one of these in the header Accept.")


def _number(word: str) -> float:
    try:
        return max(0.0, min(1.0, float(word)))
    except ValueError:
        return 0.0


def converted(png: bytes, kind: str) -> bytes:
    """A PNG file of a worker in another format."""
    if kind == "image/png":
        return png
    file = io.BytesIO()
    Image.open(io.BytesIO(png), formats=["PNG"]).save(file, FORMATS[kind], quality=QUALITY)
    return file.getvalue()


async def events(broker: Broker, id: str, keep_seconds: float, seconds: float) -> AsyncIterator[bytes]:
    """A job's server-sent events: `progress` whenever something has changed, `end` when nothing more will."""
    async for job in broker.follow(id, seconds, BEAT):
        if job is None:
            yield b": still here\n\n"
            continue
        name = "end" if job.is_over else "progress"
        content = json.dumps(job_answer(job, keep_seconds).model_dump(), ensure_ascii=False, separators=(",", ":"))
        yield f"id: {job.version}\nevent: {name}\ndata: {content}\n\n".encode()
