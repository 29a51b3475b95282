"""How soon the studio shows its page and sounds, how fast it follows the dot, what fifty visitors cost.

    python -m benchmarks studio [--runs 5] [--moves 40] [--visitors 50] [--no-browser] [-o OUT]

Every run starts `mvae studio` as a process of its own and asks what the page asks, in its order, without
waiting in between: seconds count from the start of the process; processor seconds up to the first sound stand
beside them, for machines that others use. Where Playwright and Chromium are there, the
same is measured in the page: from the start of the process to the first sound after a press of the space bar
(the browser itself is open before), and from each move of the dot to its sound. Prints JSON.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import common, startup

OPENING = ("ode-to-joy", "twinkle", "drunken-sailor", "yankee-doodle")  # as main.js has them
PATIENCE = 120.0  # seconds until a run is given up


class Studio:
    """A running `mvae studio`.

    Attributes:
        port: on loopback.
        begun: when its process was started, on the clock of `time.perf_counter`.
        pid: its process.
    """

    def __init__(self, port: int, begun: float, pid: int):
        self.port, self.begun, self.pid = port, begun, pid

    def ask(self, path: str, body: Any = None) -> bytes:
        """What it answers. Raises RuntimeError when that is no success, OSError when nobody answers."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            sent = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
            connection.request("GET" if body is None else "POST", path, sent)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{path} answers {answer.status}: {data[:200]!r}")
        return data

    def table(self, path: str, body: Any = None) -> Any:
        """The same as JSON."""
        return json.loads(self.ask(path, body))

    def since(self) -> float:
        """Seconds since the process was started."""
        return time.perf_counter() - self.begun

    def processor_s(self) -> float | None:
        """Processor seconds that it and its children have taken so far; None where Linux does not say."""
        taken = [_processor_s(pid) for pid in (self.pid, *_children(self.pid))]
        return None if None in taken else sum(filter(None, taken))

    def peak_mib(self) -> float | None:
        """MiB that it and its children have held at most, each on its own; None where Linux does not say."""
        peaks = [_peak_kib(pid) for pid in (self.pid, *_children(self.pid))]
        return None if None in peaks else sum(filter(None, peaks)) / 1024


@contextmanager
def opened() -> Iterator[Studio]:
    """Starts the command on a free port, and ends it afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    paths = [str(startup.ROOT), str(startup.ROOT / "cli"), os.environ.get("PYTHONPATH", "")]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, *startup.MVAE, "studio", "--no-browser", "--port", str(port)]
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    try:
        yield Studio(port, begun, process.pid)
    finally:
        process.terminate()
        process.wait(20)


def answering(studio: Studio) -> float:
    """Seconds from the start of the process to the whole page."""
    while True:
        try:
            studio.ask("/")
            return studio.since()
        except ConnectionError:
            if studio.since() > PATIENCE:
                raise
            time.sleep(0.01)


def opening(studio: Studio, model: str) -> dict[str, Any]:
    """What the page asks until it sounds: what to ask for a take, and the seconds to each answer.

    Args:
        model: a name of the listing; "" for its first.
    """
    seconds = {"page_s": answering(studio)}
    listing = studio.table("/api/start")
    seconds["listing_s"] = studio.since()
    entry = next((m for m in listing["music"] if m["name"] == model), listing["music"][0])
    tunes = [t for t in OPENING if t in listing["examples"]] if entry["kind"] == "melody" else []
    with ThreadPoolExecutor(4) as together:
        sent = [f"/api/song?model={entry['name']}&name={tune}" for tune in tunes]
        found = list(together.map(lambda path: studio.table(path, b""), sent))
    drawn = studio.table("/api/draw", {"model": entry["name"], "count": 4, "seed": 0})["codes"]
    codes = [song["windows"][0]["code"] for song in found] + drawn[len(found) :]
    seconds["corners_s"] = studio.since()
    wish = {"model": entry["name"], "corners": codes, "x": 0.5, "y": 0.5}
    studio.table("/api/play", wish | {"silent": True})
    check_sound(studio.table("/api/play", wish))
    seconds["first_sound_s"] = studio.since()
    return {"wish": wish, **seconds, "processor_s": studio.processor_s()}


def check_sound(take: dict[str, Any]) -> None:
    """Raises RuntimeError when a take is silent."""
    if not any(base64.b64decode(take["sound"])):
        raise RuntimeError("a take is silent")


def moves(studio: Studio, wish: dict[str, Any], count: int) -> list[float]:
    """Milliseconds from asking to sound for places on a walk around the pad."""
    times = []
    for n in range(count):
        begun = time.perf_counter()
        studio.table("/api/play", wish | {"x": n / max(count - 1, 1), "y": (n * 7 % count) / count})
        times.append(1000 * (time.perf_counter() - begun))
    return times


def visited(studio: Studio, wish: dict[str, Any], count: int) -> dict[str, Any]:
    """So many visitors at once, each asking for the page, a blend without sound and one with."""
    together = threading.Barrier(count)

    def visit(n: int) -> tuple[float, str]:
        place = {"x": n / max(count - 1, 1), "y": (n * 7 % count) / count}
        together.wait()
        begun = time.perf_counter()
        try:
            studio.ask("/")
            studio.ask("/static/main.js")
            studio.ask("/api/play", wish | place | {"silent": True})
            studio.ask("/api/play", wish | place)
        except (OSError, RuntimeError) as error:
            return time.perf_counter() - begun, str(error)
        return time.perf_counter() - begun, ""

    with ThreadPoolExecutor(count) as visitors:
        ends = list(visitors.map(visit, range(count)))
    seconds, said = zip(*ends, strict=True)
    errors = sorted(set(filter(None, said)))
    return {"median_s": median(seconds), "worst_s": max(seconds), "errors": errors}


def summed(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Median and worst of every figure of several runs."""
    names = [name for name, value in rows[0].items() if isinstance(value, float)]
    return {
        name: {"median": median(r[name] for r in rows), "worst": max(r[name] for r in rows)} for name in names
    }


def over_http(runs: int, count: int, visitors: int, model: str) -> dict[str, Any]:
    """All figures that need no browser."""
    rows, waits = [], []
    crowd: dict[str, Any] = {}
    for run in range(runs):
        with opened() as studio:
            rows.append(opening(studio, model))
            wish = rows[-1]["wish"]
            waits += moves(studio, wish, count)
            if run == runs - 1 and visitors:
                alone = studio.peak_mib()
                rounds = [visited(studio, wish, visitors) | {"peak_mib": studio.peak_mib()} for _ in range(3)]
                crowd = {"count": visitors, "one_visitor_peak_mib": alone, "rounds": rounds}
        print(f"run {run + 1}: first sound after {rows[-1]['first_sound_s']:.2f} s", file=sys.stderr)
    return {"opening": summed(rows), "move_ms": spread(waits), "visitors": crowd}


def spread(values: list[float]) -> dict[str, float]:
    """Median and worst."""
    return {"median": median(values), "worst": max(values), "count": len(values)} if values else {}


def in_browser(runs: int, count: int, model: str) -> dict[str, Any] | None:
    """The same as the page has it; None where Playwright or Chromium is missing."""
    from benchmarks import browser

    if not browser.is_there():
        return None
    rows, waits = [], []
    with browser.launched() as new_page:
        for _ in range(runs):
            with opened() as studio:
                answering(studio)
                seconds, times = browser.first_sound(new_page, studio.port, studio.since, count, model)
            rows.append(seconds)
            waits += times
    return {"opening": summed(rows), "move_ms": spread(waits)}


def _children(pid: int) -> list[int]:
    try:
        lists = [task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    return [int(child) for listed in lists for child in listed.split()]


def _peak_kib(pid: int) -> int | None:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), None)


def _processor_s(pid: int) -> float | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # of the user, of the system


def main() -> None:
    options = argparse.ArgumentParser(description="How soon and how fast the studio sounds.")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--moves", type=int, default=40, help="moves of the dot in each run")
    options.add_argument("--visitors", type=int, default=50, help="at once, in the last run; 0 for none")
    options.add_argument("--model", default="", help="a name of `mvae models`; the studio's first by default")
    options.add_argument("--no-browser", action="store_true", help="over HTTP alone")
    options.add_argument("-o", "--out", type=Path, help="folder for the JSON")
    given = options.parse_args()
    measured: dict[str, Callable[[], Any]] = {
        "http": lambda: over_http(given.runs, given.moves, given.visitors, given.model),
        "chromium": lambda: None if given.no_browser else in_browser(given.runs, given.moves, given.model),
    }
    result = {"cores": os.cpu_count(), "runs": given.runs} | {name: do() for name, do in measured.items()}
    if given.out:
        common.write_json(given.out / "studio.json", result)
    print(json.dumps(common.rounded(result), indent=2))


if __name__ == "__main__":
    main()
