"""A bar that is there only while something runs."""

from __future__ import annotations

from styleclip_lib.widgets.toolkit.progress import Progress


def test_it_is_seen_while_something_runs_and_takes_its_place_always():
    heard = []
    progress = Progress(heard.append)
    assert progress.box.layout.visibility == "hidden" and progress.box.layout.display != "none"
    stop = progress.begin()
    assert progress.box.layout.visibility == "visible" and not stop.is_set() and progress.bar.value == 0
    progress.show(0.5)
    assert progress.bar.value == 0.5
    progress.halt.click()
    assert stop.is_set()
    progress.end(stop)
    assert progress.box.layout.visibility == "hidden" and heard == [True, False]


def test_what_has_ended_does_not_hide_what_runs_since():
    progress = Progress()
    first, second = progress.begin(), progress.begin()
    progress.end(first)
    assert progress.box.layout.visibility == "visible"
    progress.end(second)
    assert progress.box.layout.visibility == "hidden"


def test_a_stop_counts_for_what_runs_and_not_for_what_comes_next():
    progress = Progress()
    progress.stop()
    assert not progress.begin().is_set()
