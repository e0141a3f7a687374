"""Checks for lesson 12: a polite client, a limit, an idempotency key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from .feedback import CheckFailed, NotWritten, answer_of, not_yet, passed


class Clock:
    """A job that takes so many seconds of a clock that only `sleep` moves."""

    def __init__(self, seconds: float, end: str = "done"):
        self.seconds, self.end, self.now, self.looks, self.pauses = seconds, end, 0.0, 0, []

    def look(self) -> dict:
        self.looks += 1
        if self.looks > 500:
            raise CheckFailed("wait_for looked 500 times at a job of a few seconds: sleep between two looks, and longer each time.")
        return {"state": self.end if self.now >= self.seconds else "running", "seconds": self.now}

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def check_wait_for(wait_for: Callable[[Callable[[], dict], Callable[[float], None]], dict]) -> bool:
    """wait_for(look, sleep) -> the job that look() gives once it is over; pauses double from 0.1 to 2 seconds.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    try:
        for seconds, end in ((0.0, "done"), (0.1, "done"), (5.0, "done"), (40.0, "failed"), (3.0, "cancelled")):
            clock = Clock(seconds, end)
            answer = answer_of(wait_for, clock.look, clock.sleep)
            if not isinstance(answer, dict) or answer.get("state") != end:
                raise CheckFailed(f"wait_for returned {str(answer)[:80]} for a job that ended as '{end}': return the job that look() "
                                  "gives as soon as its state is neither queued nor running.")
            wanted = [min(0.1 * 2**number, 2.0) for number in range(len(clock.pauses))]
            if seconds == 0.0 and clock.pauses:
                raise CheckFailed("wait_for sleeps although the job is over at the first look: look first, then sleep.")
            if any(abs(one - other) > 1e-6 for one, other in zip(clock.pauses, wanted)):
                raise CheckFailed(f"wait_for slept {[round(one, 2) for one in clock.pauses[:7]]} seconds, not "
                                  f"{[round(one, 2) for one in wanted[:7]]}: begin with 0.1, double, and never wait more than 2.")
    except NotWritten:
        return not_yet("wait_for")
    return passed("wait_for", "a quick job is not kept waiting, and a slow one is not asked a thousand times.")


def check_admit(admit: Callable[[list[str], str, int, int], int]) -> bool:
    """admit(waiting, client, queue, share) -> 202, 429 or 503, as a service does that takes `queue` jobs, `share` of them of one client.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    try:
        for waiting, client in ((["a"] * 2, "a"), (["a"] * 2, "b"), ([], "a"), (["a", "b", "c", "d"], "e"), (["a", "b", "a", "c"], "a"),
                                (["b", "b", "a"], "a")):
            kept = list(waiting)
            answer = answer_of(admit, waiting, client, 4, 2)
            if waiting != kept:
                raise CheckFailed("admit changes the list of those that wait: it only says whether one more may come.")
            wanted = 429 if Counter(waiting)[client] >= 2 else 503 if len(waiting) >= 4 else 202
            if answer != wanted:
                why = {429: "this client has its share already, and it should learn that it is the client's own doing, even where the "
                            "queue is full", 503: "the queue is full", 202: "there is room"}[wanted]
                raise CheckFailed(f"admit({waiting}, {client!r}, queue=4, share=2) returned {answer}, not {wanted}: {why}.")
    except NotWritten:
        return not_yet("admit")
    return passed("admit", "who comes often does not keep out who comes once.")


def check_once(once: Callable[[dict, str, str, Callable[[str], int]], int]) -> bool:
    """once(known, key, request, submit) -> the number of the first job with this key; ValueError for a key of another request.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    sent: list[str] = []

    def submit(request: str) -> int:
        sent.append(request)
        return len(sent)

    known: dict = {}
    try:
        first = answer_of(once, known, "k1", "smile", submit)
        again = answer_of(once, known, "k1", "smile", submit)
        other = answer_of(once, known, "k2", "smile", submit)
    except NotWritten:
        return not_yet("once")
    if first != 1 or other != 2 or len(sent) != 2:
        raise CheckFailed(f"once submitted {len(sent)} jobs and returned {first}, {again}, {other}; requests with the keys k1, k1, k2 are "
                          "the jobs 1, 1, 2. Keep the job's number under its key, in known.")
    if again != first:
        raise CheckFailed(f"once returned {again} for a key that had led to job {first}: the same key is the same job.")
    try:
        once(known, "k1", "hat", submit)
    except ValueError:
        return passed("once", "a request that is sent again after a broken connection costs nothing.")
    except Exception as error:
        raise CheckFailed(f"once stopped with {type(error).__name__}, not ValueError, for a key of another request.") from error
    raise CheckFailed("once took the key k1 for another request: whoever sent it would get the wrong picture. Keep the request beside the "
                      "number, and raise ValueError where it differs.")
