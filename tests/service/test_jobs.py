"""Queue, limits and ends of jobs, with stand-ins for the workers."""

from __future__ import annotations

import multiprocessing
import threading
import time

import msgspec
import pytest

from styleclip_lib.service.process import CrashedError, Failed, Progress, WorkerProcess

from .conftest import LONGEST, QUICK, at_once, picture, standing_in, until_told

pytestmark = pytest.mark.slow


def wait_for(condition, seconds: float = LONGEST) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def state(client, job) -> str:
    return client.get(job["links"]["self"]).json().get("state")


def test_a_full_queue_answers_503_and_says_when_to_come_again():
    with standing_in(until_told, queue=2) as client:
        jobs = [client.post("/v1/edits", files=picture(), data=QUICK) for _ in range(4)]
        assert [job.status_code for job in jobs] == [202, 202, 202, 503]
        assert int(jobs[3].headers["Retry-After"]) > 0 and jobs[3].json()["detail"].startswith("2 jobs are already waiting")
        wait_for(lambda: state(client, jobs[0].json()) == "running")
        assert client.get(jobs[2].json()["links"]["self"]).json()["ahead"] == 1
        assert client.delete(jobs[1].json()["links"]["self"]).status_code == 204
        assert client.post("/v1/edits", files=picture(), data=QUICK).status_code == 202
        for job in jobs[0], jobs[2]:
            client.delete(job.json()["links"]["self"])


def test_a_client_has_so_many_jobs_at_once():
    with standing_in(until_told, client_jobs=2) as client:
        jobs = [client.post("/v1/edits", files=picture(), data=QUICK) for _ in range(3)]
        assert [job.status_code for job in jobs] == [202, 202, 429] and "Retry-After" in jobs[2].headers
        for job in jobs[:2]:
            client.delete(job.json()["links"]["self"])
        wait_for(lambda: client.post("/v1/edits", files=picture(), data=QUICK).status_code == 202)


def test_stop_keeps_the_best_so_far_and_delete_keeps_nothing():
    with standing_in(until_told) as client:
        first, second = (client.post("/v1/edits", files=picture(), data=QUICK).json() for _ in range(2))
        wait_for(lambda: client.get(first["links"]["self"]).json()["previews"] > 1)
        seen = client.get(first["links"]["self"]).json()
        assert client.get(seen["links"]["preview"]).content == b"preview"
        assert client.get(first["links"]["self"] + "/picture").status_code == 409
        client.post(first["links"]["self"] + "/stop")
        assert client.ended(first)["state"] == "done"
        assert client.get(first["links"]["self"] + "/preview").status_code == 409
        wait_for(lambda: state(client, second) == "running")
        assert client.delete(second["links"]["self"]).status_code == 204
        assert client.get(second["links"]["self"]).status_code == client.delete(second["links"]["self"]).status_code == 404
        waiting = client.post("/v1/edits", files=picture(), data=QUICK).json()
        third = client.post("/v1/edits", files=picture(), data=QUICK).json()
        assert client.post(third["links"]["self"] + "/stop").json()["state"] == "cancelled"
        client.delete(waiting["links"]["self"])


def test_a_worker_that_dies_is_replaced_and_its_job_has_failed():
    ends = iter([True, False, False])

    def work(task, tell, wish):
        if next(ends):
            raise CrashedError
        return at_once(task, tell, wish)

    with standing_in(work) as client:
        job = client.ended(client.post("/v1/edits", files=picture(), data=QUICK).json())
        assert job["state"] == "failed" and job["problem"]["status"] == 503 and "ended unexpectedly" in job["problem"]["detail"]
        again = client.post("/v1/edits", files=picture(), data=QUICK, headers={"Prefer": "wait"})
        assert again.status_code == 200 and client.get("/readyz").status_code == 200


def test_what_is_over_is_gone_after_its_minutes_and_makes_room_for_more():
    with standing_in(at_once, keep_minutes=0.02) as client:
        job = client.ended(client.post("/v1/edits", files=picture(), data=QUICK).json())
        wait_for(lambda: client.get(job["links"]["self"]).status_code == 404)

    def large(task, tell, wish):
        done = at_once(task, tell, wish)
        done.pictures = {"picture": b"0" * 400_000}
        return done

    with standing_in(large, keep_megabytes=1, client_jobs=20) as client:
        jobs = [client.ended(client.post("/v1/edits", files=picture(), data=QUICK).json()) for _ in range(4)]
        assert [client.get(job["links"]["self"]).status_code for job in jobs] == [404, 404, 200, 200]


def test_the_same_key_is_the_same_job():
    with standing_in(at_once) as client:
        def ask(text, key):
            headers = {"Idempotency-Key": key, "Prefer": "wait"}
            return client.post("/v1/edits", files=picture(), data={**QUICK, "text": text}, headers=headers)

        first, again, other = ask("a smiling face", "one"), ask("a smiling face", "one"), ask("a smiling face", "two")
        assert first.headers["Location"] == again.headers["Location"] != other.headers["Location"]
        refused = ask("a sad face", "one")
        assert refused.status_code == 422 and "Idempotency-Key" in refused.json()["detail"]


def test_the_key_of_a_job_that_crashed_can_be_used_again():
    ends = iter([True, False])

    def work(task, tell, wish):
        if next(ends):
            raise CrashedError
        return at_once(task, tell, wish)

    with standing_in(work) as client:
        answers = [client.post("/v1/edits", files=picture(), data=QUICK, headers={"Prefer": "wait", "Idempotency-Key": "one"})
                   for _ in range(3)]
        assert [answer.status_code for answer in answers] == [503, 200, 200]
        assert answers[1].headers["Location"] == answers[2].headers["Location"]


def test_a_worker_whose_progress_cannot_be_passed_on_is_ended():
    """Otherwise it would answer the next task with the picture of this one."""
    worker, context = WorkerProcess("tiny"), multiprocessing.get_context("spawn")
    worker._connection, other = context.Pipe()
    worker._process = context.Process(target=time.sleep, args=(600,))
    worker._process.start()
    other.send_bytes(msgspec.msgpack.encode(Progress("editing", 1, 2)))

    def fail(progress):
        raise ConnectionError

    with pytest.raises(ConnectionError):
        worker.run({}, b"", tell=fail, wish=lambda: "go on", seconds=60)
    assert not worker.is_alive


def test_a_client_that_goes_away_while_it_waits_leaves_nothing_behind():
    with standing_in(until_told) as client:
        with pytest.raises(Exception, match="timed out"):
            client.post("/v1/edits", files=picture(), data=QUICK, headers={"Prefer": "wait"}, timeout=1.0)
        wait_for(lambda: "styleclip_jobs_running 0.0" in client.get("/metrics").text)
        assert 'state="cancelled"' in client.get("/metrics").text


def test_waiting_ends_with_202_when_the_time_is_up():
    with standing_in(until_told) as client:
        answer = client.post("/v1/edits", files=picture(), data=QUICK, headers={"Prefer": "respond-async, wait=1"})
        assert answer.status_code == 202 and answer.json()["state"] == "running"
        client.delete(answer.headers["Location"])


def test_a_failure_has_its_status_and_its_sentence():
    with standing_in(lambda *_: Failed(422, "There is no face.")) as client:
        answer = client.post("/v1/edits", files=picture(), data=QUICK, headers={"Prefer": "wait"})
        assert answer.status_code == 422 and answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json() == {"type": "about:blank", "title": "Unprocessable Content", "status": 422, "detail": "There is no face."}
        job = client.ended(client.post("/v1/edits", files=picture(), data=QUICK).json())
        assert client.get(job["links"]["self"] + "/picture").json()["detail"] == "There is no face."


def test_jobs_of_one_kind_are_not_found_as_another():
    with standing_in(at_once) as client:
        job = client.post("/v1/samples", files={"seed": (None, "1")}).json()
        assert client.get(f"/v1/edits/{job['id']}").status_code == 404


def test_no_ready_worker_is_reported_in_a_sentence():
    begin = threading.Event()

    with standing_in(at_once) as client:
        worker = client.service.broker._workers[0]
        worker.start, worker.starts = lambda abandoned: begin.wait(0.05) or (_ for _ in ()).throw(CrashedError), 0
        wait_for(lambda: client.get("/readyz").status_code == 503)
        answer = client.get("/v1/domains")
        assert answer.status_code == 503 and "No worker is ready" in answer.json()["detail"] and "Retry-After" in answer.headers
        assert client.get("/healthz").status_code == 200


def test_one_worker_that_does_not_start_leaves_the_service_ready():
    with standing_in(at_once, workers=2) as client:
        wait_for(lambda: client.get("/readyz").status_code == 200)
        broker = client.service.broker
        broken = broker._workers[0]
        broken.start, broken.starts = lambda abandoned: (_ for _ in ()).throw(CrashedError), 0
        wait_for(lambda: broken not in broker._ready and broker._trouble)
        assert client.get("/readyz").status_code == 200
        assert client.post("/v1/edits", files=picture(), data=QUICK, headers={"Prefer": "wait"}).status_code == 200
