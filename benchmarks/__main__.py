"""Lists the benchmarks, or runs one: `python -m benchmarks [NAME ...]`."""

from __future__ import annotations

import ast
import runpy
import sys
from pathlib import Path


def scripts() -> dict[str, str]:
    """Name and first line of the docstring of every module here that can be run."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        defines = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        if path.stem != "__main__" and "main" in defines:
            found[path.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


def main() -> None:
    known = scripts()
    if len(sys.argv) > 1 and sys.argv[1] in known:
        name = sys.argv.pop(1)
        runpy.run_module(f"benchmarks.{name}", run_name="__main__", alter_sys=True)
        return
    wrong = sys.argv[1] if len(sys.argv) > 1 else None
    if wrong and wrong not in ("-h", "--help"):
        print(f"there is no benchmark '{wrong}'", file=sys.stderr)
    print("python -m benchmarks NAME [arguments]; NAME --help shows them\n")
    for name, line in known.items():
        print(f"  {name:15s} {line}")
    sys.exit(2 if wrong and wrong not in ("-h", "--help") else 0)


if __name__ == "__main__":
    main()
