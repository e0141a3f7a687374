"""The scan by two real processes, as torchrun starts them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from styleclip_lib.editing.directions.global_directions import GlobalDirections

ROOT = Path(__file__).parent.parent.parent
SETTINGS = {"images": 2, "samples": 50}
SCRIPT = f"""
import sys
from styleclip_lib.editing.directions import channel_scan
from styleclip_lib.editing.directions.global_directions import GlobalDirections
from tests.conftest import make_tiny_models

scan_channels = channel_scan.scan_channels

def reported(models, statistics, channels, *rest):
    print("scanned", channels[0], flush=True)
    return scan_channels(models, statistics, channels, *rest)

channel_scan.scan_channels = reported
channel_scan.seconds_each = lambda *what: 0.1
GlobalDirections.compute(make_tiny_models(), folder=sys.argv[1], **{SETTINGS})
"""


@pytest.mark.slow
def test_two_processes_do_half_each_and_find_the_same(tiny, tmp_path):
    (tmp_path / "scan.py").write_text(SCRIPT)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--redirects", "1", "--tee", "1", "--log-dir",
               str(tmp_path / "log"), "scan.py", str(tmp_path / "kept")]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    output = {path.parent.name: path.read_text() for path in (tmp_path / "log").glob("**/stdout.log")}
    scanned = [sorted(int(line.split()[1]) for line in text.splitlines() if line.startswith("scanned")) for text in output.values()]
    assert sorted(scanned) == [[0, 32, 64], [16, 48, 80]]
    assert [text.count("shared by 2 processes") for _, text in sorted(output.items())] == [1, 0]
    (kept,) = (tmp_path / "kept").glob("*.safetensors")
    alone = GlobalDirections.compute(tiny, folder=tmp_path / "alone", progress=False, **SETTINGS)
    shared = GlobalDirections.load(tiny, kept)
    assert (alone.effects - shared.effects).abs().max() < 1e-2
