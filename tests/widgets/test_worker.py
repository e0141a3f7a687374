"""The worker behind every widget: newest of a kind wins, nothing is lost, nothing hangs."""

from __future__ import annotations

import threading

import pytest

from styleclip_lib.widgets.worker import Worker


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
