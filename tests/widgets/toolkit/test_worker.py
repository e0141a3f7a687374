"""The worker behind every widget: newest of a kind wins, nothing is lost, nothing hangs."""

from __future__ import annotations

import threading
import time

import pytest

from styleclip_lib.widgets.toolkit.worker import Worker


def busy(worker) -> tuple[threading.Event, threading.Event]:
    """Gives the worker a job that lasts until the second event is set."""
    started, release = threading.Event(), threading.Event()

    def job():
        started.set()
        release.wait(10)

    worker.submit(job, "long")
    assert started.wait(10)
    return started, release


def test_of_many_requests_only_the_newest_is_carried_out():
    worker, done = Worker(), []
    _, release = busy(worker)
    for number in range(30):
        worker.submit(lambda number=number: done.append(number))
    release.set()
    worker.wait_idle()
    assert done == [29]


def test_jobs_of_other_kinds_are_not_lost_and_keep_their_order():
    worker, done = Worker(), []
    _, release = busy(worker)
    worker.submit(lambda: done.append("edit"), "edit")
    worker.submit(lambda: done.append("old draw"))
    worker.submit(lambda: done.append("draw"))
    release.set()
    worker.wait_idle()
    assert done == ["edit", "draw"]


def test_the_caller_never_waits_and_the_thread_ends():
    worker = Worker()
    _, release = busy(worker)  # submit has returned although the job runs
    with pytest.raises(TimeoutError):
        worker.wait_idle(0.01)
    release.set()
    worker.wait_idle()
    assert worker._thread is None
    worker.wait_idle()  # nothing to wait for


def test_a_job_may_ask_for_another():
    worker, done = Worker(), []
    worker.submit(lambda: worker.submit(lambda: done.append(1)))
    worker.wait_idle()
    assert done == [1]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_job_that_fails_does_not_block_the_next():
    worker, done = Worker(), []
    worker.submit(lambda: 1 / 0)
    worker.wait_idle()
    worker.submit(lambda: done.append(1))
    worker.wait_idle()
    assert done == [1]


def test_without_a_thread_everything_happens_at_once():
    done = []
    Worker(threaded=False).submit(lambda: done.append(threading.current_thread()))
    assert done == [threading.current_thread()]


def test_a_job_waits_for_rest_and_a_newer_one_makes_it_wait_again():
    worker, done, begin = Worker(), [], time.monotonic()
    for number in range(3):
        worker.submit(lambda number=number: done.append((number, time.monotonic() - begin)), "rest", delay=1.0)
        time.sleep(0.3)
    worker.submit(lambda: done.append("draw"))  # other kinds do not wait
    worker.wait_idle()
    assert done[0] == "draw" and [entry[0] for entry in done[1:]] == [2] and done[1][1] >= 1.6


def test_cancelling_forgets_what_waits_and_tells_what_runs():
    worker, done, started = Worker(), [], threading.Event()

    def long():
        started.set()
        while not worker.cancelled():
            time.sleep(0.005)
        done.append("ended")

    worker.submit(long, "long")
    assert started.wait(10)
    worker.submit(lambda: done.append("never"), "draw")
    worker.cancel("long", "draw")
    worker.wait_idle(10)
    assert done == ["ended"]
    worker.submit(lambda: done.append(worker.cancelled()), "long")  # the next one of the kind is not called off
    worker.wait_idle()
    assert done == ["ended", False]


@pytest.mark.parametrize("threaded", [True, False])
def test_a_closed_worker_takes_no_more_and_leaves_no_thread(threaded):
    worker, done = Worker(threaded), []
    if threaded:
        worker.submit(lambda: done.append("late"), delay=60)
    worker.close()
    worker.submit(lambda: done.append("never"))
    worker.wait_idle(10)
    assert done == [] and not any(thread.name == "widget" and thread.is_alive() for thread in [worker._thread] if thread)
