"""What the system says is heard, unless the user asked for it not to be."""

from __future__ import annotations

import signal

import pytest

from musicvae_lite.live.stopping import orderly

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there are no such signals here")


@pytest.mark.parametrize("is_ignored", [False, True], ids=["", "as nohup starts it"])
def test_a_closed_terminal_ends_it_unless_that_is_ignored(is_ignored: bool):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if is_ignored else signal.SIG_DFL)
    try:
        ended = False
        try:
            with orderly():
                signal.raise_signal(signal.SIGHUP)
        except SystemExit as end:
            ended = end.code == 128 + signal.SIGHUP
        assert ended != is_ignored
        assert signal.getsignal(signal.SIGHUP) == (signal.SIG_IGN if is_ignored else signal.SIG_DFL)
    finally:
        signal.signal(signal.SIGHUP, before)
