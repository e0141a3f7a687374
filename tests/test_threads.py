"""Threads wait passively, as many as the process has cores, and only where PyTorch was not loaded before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from styleclip_lib import threads

ROOT = Path(__file__).parent.parent
SHOW = "; print(os.environ.get('OMP_WAIT_POLICY'), os.environ.get('OMP_NUM_THREADS'))"


def run(code: str, **environment: str) -> subprocess.CompletedProcess:
    """A Python of its own, without what the tests themselves have set."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "KMP_"))}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          env={**plain, "PYTHONPATH": str(ROOT), **environment})  # fmt: skip


@pytest.mark.slow
def test_the_first_public_name_settles_it_for_the_pytorch_that_it_loads():
    shown = run(f"import os, styleclip_lib{SHOW}; styleclip_lib.load_models{SHOW}; import torch; print(torch.get_num_threads())")
    assert shown.stdout.split() == ["None", "None", "PASSIVE", str(threads.cores()), str(threads.cores())] and shown.stderr == ""


@pytest.mark.slow
def test_what_the_user_has_set_stays():
    shown = run(f"import os, styleclip_lib; styleclip_lib.load_models{SHOW}", OMP_NUM_THREADS="1", OMP_WAIT_POLICY="active")
    assert shown.stdout.split() == ["active", "1"]


@pytest.mark.slow
def test_a_kernel_that_was_started_to_wait_passively_still_gets_the_number_of_its_cores():
    shown = run(f"import os, styleclip_lib; styleclip_lib.load_models{SHOW}", OMP_WAIT_POLICY="passive")
    assert shown.stdout.split() == ["passive", str(threads.cores())]


@pytest.mark.slow
def test_a_pytorch_that_was_loaded_before_is_reported_once_and_at_the_users_line():
    code = "import os, torch, styleclip_lib\nstyleclip_lib.load_models\nstyleclip_lib.invert" + SHOW
    shown = run(code)
    assert shown.stdout.split() == ["None", "None"]
    assert shown.stderr.count("UserWarning") == shown.stderr.count("<string>:2: UserWarning: PyTorch was loaded before styleclip_lib") == 1
    assert run(code, OMP_WAIT_POLICY="PASSIVE").stderr == ""


@pytest.mark.slow
def test_the_command_line_waits_passively():
    code = "import sys; from styleclip_lib.cli.main import main; sys.exit(main(['doctor']))"
    assert f"{threads.cores()} threads on {threads.cores()} cores, passive waiting" in run(code).stdout
    assert "active waiting, which is slow beside other programs" in run(code, OMP_WAIT_POLICY="active").stdout


@pytest.mark.parametrize("files, cores", [
    ({"cpu.max": "max 100000"}, float("inf")),
    ({"cpu.max": "150000 100000"}, 1.5),
    ({"pod/cpu.max": "100000 100000", "pod/box/cpu.max": "max 100000"}, 1.0),
    ({"cpu/pod/box/cpu.cfs_quota_us": "200000", "cpu/pod/box/cpu.cfs_period_us": "100000", "cpu/cpu.cfs_quota_us": "-1"}, 2.0),
    ({}, float("inf")),
])  # fmt: skip
def test_the_least_quota_of_the_control_groups_counts(files, cores, tmp_path):
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{content}\n")
    own = tmp_path / "own"
    own.write_text("4:memory:/elsewhere\n1:cpu,cpuacct:/pod/box\n0::/pod/box\n")
    assert threads.quota(tmp_path, own) == cores


def test_where_there_are_no_control_groups_there_is_no_quota(tmp_path):
    assert threads.quota(tmp_path, tmp_path / "none") == float("inf")


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity of processes")
def test_only_the_cores_that_the_process_may_use_count():
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); from styleclip_lib.threads import cores; print(cores())"
    assert run(code).stdout.strip() == "1"
