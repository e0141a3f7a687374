"""The studio in a real kernel, without a browser: what a front end sends, with and without a subshell, while a cell runs.

JupyterLab from 4.4 on, with ipykernel 7, hands a slider's message to a subshell, that is to another thread, while a cell runs;
Colab, with ipykernel 6, keeps it until the cell has ended. Both must end at the same picture.
"""

from __future__ import annotations

import time
from pathlib import Path
from queue import Empty

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
OPEN = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
from styleclip_lib import load_models
from styleclip_lib.widgets.studio.studio import Studio
studio = Studio(load_models(device="cpu"))
print(studio.tabs["Face"].form.parts["seed"].control.model_id, studio.session.stage.picture.model_id)
"""
WATCH = """
end = time.monotonic() + {seconds}
while studio.session.history.scene.face.seed != {seed} and time.monotonic() < end:
    time.sleep(0.02)
print(studio.session.history.scene.face.seed == {seed})
"""
STATE = "s = studio.session; s.wait(); print(s.history.scene.face.seed, len(s.history.scenes), s.stage.last_error)"


@pytest.fixture(scope="module")
def kernel():
    manager = pytest.importorskip("jupyter_client.manager")
    pytest.importorskip("ipykernel")
    with manager.run_kernel(kernel_name="python3") as client:
        client.ids = run(client, OPEN).split()
        yield client


def run(client, code: str) -> str:
    """What a cell prints."""
    output = []

    def hear(message):
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            output.append(message["content"]["text"])

    reply = client.execute_interactive(code, timeout=120, output_hook=hear)
    assert reply["content"]["status"] == "ok", reply["content"]
    return "".join(output)


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


def until(client, arrived) -> list[dict]:
    """What the kernel tells everybody, up to the message that was waited for."""
    heard, end = [], time.monotonic() + 120
    while not heard or not arrived(heard[-1]):
        assert time.monotonic() < end, "it did not happen in time"
        try:
            heard.append(client.get_iopub_msg(timeout=0.5))
        except Empty:
            continue
    return heard


def is_picture(client, message) -> bool:
    return message["msg_type"] == "comm_msg" and message["content"]["comm_id"] == client.ids[1] and bool(message["buffers"])


@pytest.mark.parametrize("in_subshell", [False, True])
def test_a_slider_moves_while_a_cell_runs_or_after_it(kernel, in_subshell):
    where, last = subshell(kernel) if in_subshell else None, 13 + in_subshell
    send_seed(kernel, 20 + in_subshell, where)  # ipykernel answers in the shell in which a widget spoke last, at first that of its cell
    scenes = int(run(kernel, f"import time; time.sleep(0.5); {STATE}").split()[1])
    cell = kernel.execute(WATCH.format(seed=last, seconds=60 if in_subshell else 1))
    until(kernel, lambda message: message["msg_type"] == "execute_input")
    for seed in (11, 12, last):
        send_seed(kernel, seed, where)
    heard = until(kernel, lambda message: message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
                  and message["parent_header"].get("msg_id") == cell)
    printed = "".join(message["content"]["text"] for message in heard if message["msg_type"] == "stream")
    assert printed.strip() == str(in_subshell), "whether the slider moved before the cell ended"
    if not any(is_picture(kernel, message) for message in heard):
        until(kernel, lambda message: is_picture(kernel, message))
    assert run(kernel, STATE).split() == [str(last), str(scenes + 1), "None"]


def test_a_cell_that_runs_again_leaves_no_worker_behind(kernel):
    kernel.ids = run(kernel, OPEN).split()
    send_seed(kernel, 5, None)
    run(kernel, STATE)
    names = run(kernel, "import threading; print([one.name for one in threading.enumerate()])")
    assert "widget" not in names
