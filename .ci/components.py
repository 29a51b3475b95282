"""What the package is made of besides itself: the packages it installs, their versions and licences.

    python .ci/components.py licences > THIRD_PARTY.md      python .ci/components.py sbom > sbom.json

Both follow pyproject.toml and what the running Python has installed: a SBOM is of one installation.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
IN_ITS_LICENCE = {"atheris": "Apache-2.0"}  # read in a file LICENSE where the metadata say nothing
LONGEST = 200  # characters of a licence field that is a name and not a text


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def wanted() -> dict[str, set[str]]:
    """Every package that this project names, and what for: "core" or extras; "dev" where only that."""
    table, found = project(), {}
    lists = {"core": table["dependencies"], **table["optional-dependencies"]}
    for purpose, requirements in lists.items():
        for text in requirements:
            found.setdefault(canonicalize_name(Requirement(text).name), set()).add(purpose)
    return found


def closure(requirements: list[str]) -> dict[str, list[str]]:
    """The installed packages that requirements bring, each with the names of those it needs in turn."""
    found: dict[str, list[str]] = {}
    stack = [Requirement(text) for text in requirements]
    while stack:
        requirement = stack.pop()
        name = canonicalize_name(requirement.name)
        if name in found:
            continue
        try:
            needs = [Requirement(text) for text in metadata.requires(name) or ()]
        except metadata.PackageNotFoundError:
            continue
        extras = [{"extra": extra} for extra in (*requirement.extras, "")]
        needs = [r for r in needs if r.marker is None or any(r.marker.evaluate(e) for e in extras)]
        found[name] = sorted({canonicalize_name(r.name) for r in needs})
        stack += needs
    return {name: [need for need in needs if need in found] for name, needs in sorted(found.items())}


def licence(name: str) -> str:
    """As the package's own metadata states it."""
    about = metadata.metadata(name)
    stated = about.get("License-Expression") or about.get("License") or ""
    if name in IN_ITS_LICENCE:
        return IN_ITS_LICENCE[name]
    if stated and "\n" not in stated and len(stated) <= LONGEST and stated != "UNKNOWN":
        return stated
    named = [c.rpartition(" :: ")[2] for c in about.get_all("Classifier") or () if c.startswith("License ::")]
    if named:
        return ", ".join(named)
    return next((line.strip() for line in stated.splitlines() if line.strip()), "not stated")[:LONGEST]


def licences() -> str:
    purposes = wanted()
    lines = [
        "# Packages that this one stands on", "",
        "Made by `make licences` from the metadata of the installed packages. None of their code is copied",
        "into this repository; pip installs them. The example tunes are CC0; each model's card in",
        "`checkpoints/` says what it was trained on, and `data/catalogue.toml` the licence of each corpus.",
        "",
        "| package | licence | for |", "|---|---|---|",
    ]  # fmt: skip
    core = closure(project()["dependencies"])
    for name in sorted({*purposes, *core}):
        try:
            text = licence(name).replace("|", "/")
        except metadata.PackageNotFoundError:
            continue
        lines.append(f"| {name} | {text} | {', '.join(sorted(purposes.get(name, ['with the core'])))} |")
    return "\n".join(lines) + "\n"


def sbom() -> str:
    """CycloneDX 1.5 (cyclonedx.org), without a time or a serial number: one installation, one file."""
    table = project()
    packages = closure(table["dependencies"])
    own = f"pkg:pypi/{canonicalize_name(table['name'])}@{table['version']}"
    refs = {name: f"pkg:pypi/{name}@{metadata.version(name)}" for name in packages}
    direct = [canonicalize_name(Requirement(text).name) for text in table["dependencies"]]
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library", "bom-ref": own, "name": table["name"], "version": table["version"],
                "purl": own, "licenses": [{"license": {"id": table["license"]}}],
            }
        },
        "components": [
            {
                "type": "library", "bom-ref": refs[name], "name": name, "version": metadata.version(name),
                "purl": refs[name], "licenses": [{"license": {"name": licence(name)}}],
            }
            for name in packages
        ],
        "dependencies": [
            {"ref": own, "dependsOn": sorted(refs[name] for name in direct if name in refs)},
            *({"ref": refs[name], "dependsOn": [refs[n] for n in needs]} for name, needs in packages.items()),
        ],
    }  # fmt: skip
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    made = {"licences": licences, "sbom": sbom}.get(re.sub(r"\W", "", " ".join(sys.argv[1:2])))
    if made is None:
        sys.exit(__doc__)
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(made())
