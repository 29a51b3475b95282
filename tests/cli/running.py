"""The command line run within the tests' own process."""

from __future__ import annotations

import pytest

from mvae.app import main


def run(*words: object) -> int:
    """`mvae` with these words: its exit code."""
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    return int(end.value.code or 0)
