"""Pictures of strangers in the studio, in a process that says what each one took: one sentence, and the same limits as elsewhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from tests.images.hostile_pictures import LARGE, ODD, REFUSED
from tests.limits import GIGABYTES, LONGEST_WAIT, ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how much memory a process had")

UPLOAD = """
import json, sys

from styleclip_lib import load_models
from styleclip_lib.widgets.studio.studio import Studio
from tests.images.hostile_pictures import LARGE, ODD, REFUSED
from tests.limits import begin, bound_memory, peak
from tests.widgets.toolkit.test_uploads import sent

studio = Studio(load_models(sys.argv[1], device="cpu"), threaded=False)
tab = studio.tabs["Face"]
bound_memory()
for name in json.load(sys.stdin):
    content = ODD[name]() if name in ODD else {**REFUSED, **LARGE}[name][0]()
    begin(int(sys.argv[2]))
    sent(tab.upload, name, content)
    print(json.dumps([studio.session.stage.status.value, peak(), len(tab.upload.value)]), flush=True)
"""


def uploaded(names, domain, seconds: int) -> dict[str, tuple[str, float, int]]:
    """For each picture: what the status line says, the peak of the memory, and how many files the widget still holds."""
    done = subprocess.run([sys.executable, "-c", UPLOAD, str(domain), str(seconds)], input=json.dumps(list(names)), capture_output=True,
                          text=True, check=False, timeout=LONGEST_WAIT,
                          env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"})  # fmt: skip
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) == len(names), done.stderr[-500:]
    return {name: json.loads(line) for name, line in zip(names, lines)}


def assert_refused(pictures, domain, seconds):
    for name, (status, gigabytes, kept) in uploaded(pictures, domain, seconds).items():
        assert "#b00020" in status and "last_error" not in status and re.search(pictures[name][1], status), (name, status)
        assert gigabytes < GIGABYTES and kept == 0, (name, gigabytes)


@pytest.mark.slow
def test_pictures_that_are_refused(tiny_domain):
    assert_refused(REFUSED, tiny_domain, seconds=10)


@pytest.mark.full
def test_the_largest_pictures(tiny_domain):
    assert_refused(LARGE, tiny_domain, seconds=60)


@pytest.mark.slow
def test_what_stands_on_the_margin_is_left_there(tiny_domain):
    for name, (status, gigabytes, _) in uploaded(ODD, tiny_domain, seconds=60).items():
        assert "last_error" not in status and ("No face" in status or "taken whole" in status or "found" in status), (name, status)
        assert gigabytes < GIGABYTES
