"""The command `mvae`, and `python -m mvae`, which torchrun needs: `app.main`, and Ctrl-C while that loads."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs `mvae` and exits; see `mvae.app.main`."""
    try:
        from mvae.app import main as run
    except KeyboardInterrupt:
        print("mvae: stopped.", file=sys.stderr)
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
