"""The checks of lesson 12: right answers pass, usual slips are told."""

from __future__ import annotations

import pytest

from styleclip_lib.checks.feedback import CheckFailed
from styleclip_lib.checks.serving import check_admit, check_once, check_wait_for


def stub(*_):
    raise NotImplementedError


@pytest.mark.parametrize("check", [check_wait_for, check_admit, check_once])
def test_a_stub_says_so_and_does_not_stop_the_lesson(check, capsys):
    assert check(stub) is False
    assert "not written yet" in capsys.readouterr().out


def wait_for(look, sleep, first=0.1, most=2.0, factor=2.0, over=("done", "failed", "cancelled")):
    job, pause = look(), first
    while job["state"] not in over:
        sleep(pause)
        job, pause = look(), min(factor * pause, most)
    return job


def sleeps_first(look, sleep):
    sleep(0.1)
    return wait_for(look, sleep)


def never_sleeps(look, sleep):
    while (job := look())["state"] == "running":
        pass
    return job


@pytest.mark.parametrize(("wrong", "message"), [
    (sleeps_first, "look first"), (never_sleeps, "sleep between"), (lambda look, sleep: wait_for(look, sleep, factor=1), "double"),
    (lambda look, sleep: wait_for(look, sleep, most=60), "never wait more"), (lambda look, sleep: look(), "ended as"),
    (lambda look, sleep: wait_for(look, sleep, over=("done",)), "sleep between"), (lambda look, sleep: "done", "return the job"),
])  # fmt: skip
def test_slips_of_waiting(wrong, message):
    with pytest.raises(CheckFailed, match=message):
        check_wait_for(wrong)


def admit(waiting, client, queue, share):
    if waiting.count(client) >= share:
        return 429
    return 503 if len(waiting) >= queue else 202


def takes_it_in(waiting, client, queue, share):
    waiting.append(client)
    return 202


@pytest.mark.parametrize(("wrong", "message"), [
    (lambda waiting, client, queue, share: 503 if len(waiting) >= queue else admit(waiting, client, queue, share), "not 429"),
    (lambda waiting, client, queue, share: 202, "not 429"), (lambda waiting, client, queue, share: 429, "there is room|not 202"),
    (lambda waiting, client, queue, share: 429 if waiting.count(client) > share else 202, "not 429"), (takes_it_in, "changes the list"),
])  # fmt: skip
def test_slips_of_a_limit(wrong, message):
    with pytest.raises(CheckFailed, match=message):
        check_admit(wrong)


def once(known, key, request, submit):
    if key not in known:
        known[key] = (request, submit(request))
    earlier, number = known[key]
    if earlier != request:
        raise ValueError
    return number


def by_request(known, key, request, submit):
    if request not in known:
        known[request] = submit(request)
    return known[request]


def forgets_the_request(known, key, request, submit):
    if key not in known:
        known[key] = submit(request)
    return known[key]


def wrong_error(known, key, request, submit):
    try:
        return once(known, key, request, submit)
    except ValueError:
        raise KeyError(key) from None


@pytest.mark.parametrize(("wrong", "message"), [
    (lambda known, key, request, submit: submit(request), "Keep the job's number"), (by_request, "Keep the job's number"),
    (forgets_the_request, "wrong picture"), (wrong_error, "not ValueError"),
])  # fmt: skip
def test_slips_of_a_key(wrong, message):
    with pytest.raises(CheckFailed, match=message):
        check_once(wrong)


@pytest.mark.parametrize(("check", "right"), [(check_wait_for, wait_for), (check_admit, admit), (check_once, once)])
def test_right_answers_pass(check, right, capsys):
    assert check(right) is True and "✓" in capsys.readouterr().out
