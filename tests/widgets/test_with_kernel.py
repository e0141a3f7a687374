"""The studio in a real kernel, without a browser: what a front end sends, with and without a subshell, while a cell sleeps.

JupyterLab from 4.4 on, with ipykernel 7, hands a slider's message to a subshell, that is to another thread, while a cell runs;
Colab, with ipykernel 6, keeps it until the cell has ended. Both must end at the same picture.
"""

from __future__ import annotations

import time
from pathlib import Path
from queue import Empty

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SLEEP = 4.0
OPEN = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
from styleclip_lib import load_models
from styleclip_lib.widgets.studio.studio import Studio
studio = Studio(load_models(device="cpu"))
print(studio.tabs["Face"].seed.model_id, studio.stage.picture.model_id)
"""
STATE = "studio.stage.worker.wait_idle(); print(studio.state.scene.face['seed'], len(studio.state.history), studio.stage.last_error)"


@pytest.fixture(scope="module")
def kernel():
    manager = pytest.importorskip("jupyter_client.manager")
    pytest.importorskip("ipykernel")
    with manager.run_kernel(kernel_name="python3") as client:
        client.ids = run(client, OPEN).split()
        yield client


def run(client, code: str) -> str:
    """What a cell prints."""
    said = []

    def hear(message):
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            said.append(message["content"]["text"])

    reply = client.execute_interactive(code, timeout=120, output_hook=hear)
    assert reply["content"]["status"] == "ok", reply["content"]
    return "".join(said)


def subshell(client) -> str:
    """Asks for a subshell, as JupyterLab does for its widgets; skips where there are none."""
    if "kernel subshells" not in client.kernel_info(reply=True, timeout=30)["content"].get("supported_features", []):
        pytest.skip("this ipykernel has no subshells")
    client.control_channel.send(client.session.msg("create_subshell_request"))
    return client.get_control_msg(timeout=30)["content"]["subshell_id"]


def send_seed(client, seed: int, where: str | None) -> None:
    message = client.session.msg("comm_msg", {"comm_id": client.ids[0], "data": {"method": "update", "state": {"value": seed},
                                                                                 "buffer_paths": []}})
    if where is not None:
        message["header"]["subshell_id"] = where
    client.shell_channel.send(message)


def seconds_until_a_picture(client, patience: float) -> float:
    start = time.monotonic()
    while time.monotonic() - start < patience:
        try:
            message = client.get_iopub_msg(timeout=0.5)
        except Empty:
            continue
        content = message["content"]
        if message["msg_type"] == "comm_msg" and content["comm_id"] == client.ids[1] and message["buffers"]:
            return time.monotonic() - start
    raise AssertionError("no picture came")


@pytest.mark.parametrize("in_subshell", [False, True])
def test_a_slider_moves_while_a_cell_sleeps(kernel, in_subshell):
    where = subshell(kernel) if in_subshell else None
    send_seed(kernel, 20 + in_subshell, where)  # ipykernel answers in the shell in which a widget spoke last, at first that of its cell
    scenes = int(run(kernel, f"import time; time.sleep(0.5); {STATE}").split()[1])
    kernel.execute(f"import time; time.sleep({SLEEP})")
    time.sleep(0.5)
    for seed in (11, 12, 13 + in_subshell):
        send_seed(kernel, seed, where)
    waited = seconds_until_a_picture(kernel, 60)
    if in_subshell:
        assert waited < SLEEP - 0.7, "the picture waited for the cell"
    assert run(kernel, STATE).split() == [str(13 + in_subshell), str(scenes + 1), "None"]


def test_a_cell_that_runs_again_leaves_no_worker_behind(kernel):
    kernel.ids = run(kernel, OPEN).split()
    send_seed(kernel, 5, None)
    run(kernel, STATE)
    names = run(kernel, "import threading; print([one.name for one in threading.enumerate()])")
    assert "widget" not in names
