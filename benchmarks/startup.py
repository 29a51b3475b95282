"""How long commands take from start to finish, warm cache, and which imports the time goes to.

    python -m benchmarks.startup [A.mid B.mid] [--model NAME] [-o OUT]

Whole processes are timed: bare Python, `import torch`, `mvae --help`, `mvae interpolate`. After one
run that warms the cache, all commands run in turn, `--runs` times, so that a disturbance meets all of
them; the median counts. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import common

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "data" / "examples"
MVAE = ["-c", "from mvae.app import main; main()"]  # what the installed `mvae` does


def commands(a: Path, b: Path, model: str, out: Path) -> dict[str, list[str]]:
    """Arguments of Python for everything that is timed."""
    interpolate = [*MVAE, "interpolate", str(a), str(b), "-o", str(out / "path.mid")]
    return {
        "python": ["-c", "pass"],
        "import torch": ["-c", "import torch"],
        "mvae --help": [*MVAE, "--help"],
        "mvae interpolate": [*interpolate, "--model", model] if model else interpolate,
    }


def run(
    arguments: list[str], first: tuple[str, ...] = ()
) -> tuple[float, float, subprocess.CompletedProcess[str]]:
    """Seconds a Python process takes, seconds of processor time (0 on Windows), and what it said."""
    paths = [str(ROOT), str(ROOT / "cli"), os.environ.get("PYTHONPATH", "")]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    before, begin = os.times(), time.perf_counter()
    done = subprocess.run([sys.executable, *first, *arguments], env=env, capture_output=True, text=True)
    seconds, after = time.perf_counter() - begin, os.times()
    busy = after.children_user + after.children_system - before.children_user - before.children_system
    return seconds, busy, done


def slowest_imports(text: str, most: int = 12) -> list[dict[str, Any]]:
    """The packages whose own modules take longest, from what `-X importtime` writes.

    Returns:
        Package, milliseconds spent in its own modules, how many they are, and milliseconds from the
        start of its first import to the end with all that it imports.
    """
    own: dict[str, float] = {}
    count: dict[str, int] = {}
    whole: dict[str, float] = {}
    for line in text.splitlines():
        parts = line.removeprefix("import time:").split("|")
        if not line.startswith("import time:") or not parts[0].strip().isdigit():
            continue
        alone, together, name = int(parts[0]) / 1000, int(parts[1]) / 1000, parts[2].strip()
        package = name.partition(".")[0]
        own[package] = own.get(package, 0) + alone
        count[package] = count.get(package, 0) + 1
        whole[package] = max(whole.get(package, 0), together)
    top = sorted(own, key=own.__getitem__, reverse=True)[:most]
    return [{"package": p, "own_ms": own[p], "modules": count[p], "with_all_ms": whole[p]} for p in top]


def measure(wanted: dict[str, list[str]], runs: int) -> dict[str, Any]:
    """Seconds of each command (median, least, greatest), its processor time, and its slowest imports."""
    result: dict[str, Any] = {}
    for name, arguments in wanted.items():
        *_, done = run(arguments, ("-X", "importtime"))  # warms the cache
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
            result[name] = {"failed": done.returncode, "said": " ".join(said[-3:])}
        else:
            result[name] = {"seconds": [], "processor_s": [], "imports": slowest_imports(done.stderr)}
    for _ in range(runs):
        for name, arguments in wanted.items():
            if "seconds" in result[name]:
                seconds, busy, _ = run(arguments)
                result[name]["seconds"].append(seconds)
                result[name]["processor_s"].append(busy)
    for row in result.values():
        if seconds := row.get("seconds"):
            row |= {"median_s": median(seconds), "least_s": min(seconds), "greatest_s": max(seconds)}
            row["processor_s"] = median(row["processor_s"])
    return result


def main() -> None:
    options = argparse.ArgumentParser(description="How long commands take from start to finish.")
    options.add_argument("a", type=Path, nargs="?", default=EXAMPLES / "ode-to-joy.mid")
    options.add_argument("b", type=Path, nargs="?", default=EXAMPLES / "drunken-sailor.mid")
    options.add_argument("--model", default="", help="name or folder; by default the command's own choice")
    options.add_argument("--runs", type=int, default=7)
    options.add_argument("-o", "--out", type=Path, help="folder for the JSON")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        times = measure(commands(chosen.a, chosen.b, chosen.model, Path(scratch)), chosen.runs)
    here = {"python": sys.version.split()[0], "cores": os.cpu_count(), "runs": chosen.runs}
    result = here | {"commands": times}
    if chosen.out:
        common.write_json(chosen.out / "startup.json", result)
    print(json.dumps(common.rounded(result), indent=2))


if __name__ == "__main__":
    main()
