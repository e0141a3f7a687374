"""How fast is a latent optimisation beside another one, in a process each, as in two notebooks at once?

    python tools/measure_sharing.py

prints, for passive and for active waiting of PyTorch's threads, how many steps a process takes alone and how many each of two
takes, in turns. The exit code is 1 if one of two, waiting passively, is less than 0.4 times as fast as alone.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

ENOUGH = 0.4
ENDLESS = 1_000_000
TEXT = "a face with glasses"


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure how two processes share this machine.")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement (default: 20)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (default: 3)")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.work:
        return work(chosen.seconds)
    ratios = {policy: compared(policy, chosen.seconds, chosen.rounds) for policy in ("passive", "active")}
    return 0 if ratios["passive"] >= ENOUGH else 1


def compared(policy: str, seconds: float, rounds: int) -> float:
    """Prints how fast a process is alone and beside another one, and returns the ratio (the median of the rounds)."""
    alone, beside = [], []
    for _ in range(rounds):
        alone += rates(1, policy, seconds)
        beside.append(min(rates(2, policy, seconds)))
    ratio = statistics.median(slow / quick for slow, quick in zip(beside, alone))
    print(f"{policy:8} alone {statistics.median(alone):6.2f} steps a second, the slower of two {statistics.median(beside):6.2f}: "
          f"{ratio:.2f} times as fast; load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    return ratio


def rates(count: int, policy: str, seconds: float) -> list[float]:
    """Steps a second of so many processes at once, which begin together."""
    environment = {**os.environ, "OMP_WAIT_POLICY": policy}
    environment.pop("KMP_BLOCKTIME", None)
    command = [sys.executable, __file__, "--work", "--seconds", str(seconds)]
    workers = [subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    for worker in workers:
        worker.stdout.readline()  # ready
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    return [float(worker.communicate()[0]) for worker in workers]


def work(seconds: float) -> int:
    """Says "ready", waits for a line, and takes steps for so long; prints how many a second."""
    from styleclip_lib import load_models, optimize_latent

    models, began, steps = load_models(), 0.0, 0

    def counted(step: int, _) -> bool:
        nonlocal began, steps
        if step == 0:  # what comes before the first step is not measured
            print("ready", flush=True)
            sys.stdin.readline()
            began = time.perf_counter()
        steps = step
        return step > 0 and time.perf_counter() - began > seconds

    optimize_latent(models, models.sample(1), TEXT, steps=ENDLESS, progress=False, on_step=counted)
    print(steps / (time.perf_counter() - began))
    return 0


if __name__ == "__main__":
    sys.exit(main())
