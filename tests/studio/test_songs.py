"""What the page is told of songs that cannot be read."""

from __future__ import annotations

from musicvae_lite.studio.songs import for_page


def test_the_page_is_told_nothing_of_options_and_commands():
    refused = "a.mid: none:\n  bars of 3/4\n  another model is needed; `mvae models` lists what there is"
    assert for_page(refused) == "a.mid: none:\n  bars of 3/4\n  another model is needed"
    assert for_page("a--b.mid: none:\n  none here; --track says which") == "a--b.mid: none:\n  none here"
    assert for_page("a.mid: none\n  name other bars with --bars") == "a.mid: none"
    assert for_page("too many, more than 5; --no-limits lifts it") == "too many, more than 5"
