"""Pictures of strangers, uploaded: one sentence each, no more memory than a command line may take, and the worker goes on."""

from __future__ import annotations

import re
import sys

import pytest

from tests.images.hostile_pictures import LARGE, ODD, REFUSED
from tests.limits import GIGABYTES, forget_peak, peak

from .conftest import QUICK, picture
from .test_attacks import is_one_sentence

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how much memory a process had")]


@pytest.mark.parametrize("name", [*REFUSED, *(pytest.param(name, marks=pytest.mark.full) for name in LARGE)])
def test_a_picture_is_refused_within_the_limits(name, client):
    make, says = {**REFUSED, **LARGE}[name]
    content, worker = make(), client.service.broker._workers[0]._process.pid
    forget_peak(worker)
    answer = client.post("/v1/edits", files={"image": (name, content)}, data={**QUICK, "align": "always"}, headers={"Prefer": "wait"},
                         timeout=600)
    assert answer.status_code in (413, 422) and is_one_sentence(answer), answer.text
    assert re.search(says, answer.json()["detail"]), answer.text
    assert client.service.broker._workers[0]._process.pid == worker and peak(worker) < GIGABYTES


@pytest.mark.parametrize("name", ODD)
def test_what_stands_on_the_margin_of_a_picture_is_left_there(name, client):
    answer = client.post("/v1/edits", files={"image": (name, ODD[name]())}, data={**QUICK, "align": "never"}, headers={"Prefer": "wait"})
    assert answer.status_code == 200, answer.text


def test_after_them_the_service_edits(client):
    assert client.post("/v1/edits", files=picture(), data=QUICK, headers={"Prefer": "wait"}).status_code == 200
