"""The studio's page in headless Chromium, for `benchmarks.studio`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE = 60_000  # milliseconds
# Playwright's own waiting looks at every frame, which would take the processor from the studio.
APPEARS = """selector => new Promise((done, failed) => {
  const look = () => { if (document.querySelector(selector)) done(); };
  new MutationObserver(look).observe(document, { attributes: true, childList: true, subtree: true });
  setTimeout(failed, 60000, `${selector} does not appear`);
  look();
})"""


def executable() -> str | None:
    """Where Chromium lies; None where it is not installed."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def is_there() -> bool:
    """Whether Playwright and Chromium are installed."""
    return find_spec("playwright") is not None and executable() is not None


@contextmanager
def launched() -> Iterator[Callable[[], Any]]:
    """Opens Chromium, and gives what opens a page of 1280 x 800 in it."""
    from playwright.sync_api import sync_playwright

    flags = ["--autoplay-policy=no-user-gesture-required"]
    flags += ["--no-sandbox"] * (getattr(os, "geteuid", lambda: 1)() == 0)  # root's Chromium has no sandbox
    with sync_playwright() as p:
        opened = p.chromium.launch(executable_path=executable(), args=flags)
        opened.new_page().goto("about:blank")  # the first page of a browser is slow to come
        yield lambda: opened.new_page(viewport={"width": 1280, "height": 800})
        opened.close()


def first_sound(
    new_page: Callable[[], Any], port: int, since: Callable[[], float], moves: int, model: str
) -> tuple[dict[str, float], list[float]]:
    """Opens the page, plays, and moves the dot.

    Args:
        new_page: from `launched`.
        port: where the studio answers.
        since: seconds since the studio's process was started.
        moves: how often the dot is moved, each time when the last place sounds.
        model: a name of the listing; "" for its first.

    Returns:
        Seconds to the page, to its being ready and to the first sound; milliseconds from each move to its
        sound.
    """
    page = new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"http://127.0.0.1:{port}/" + (f"#model={model}" if model else ""))
    seconds = {"page_s": since()}
    page.evaluate(APPEARS, "body[data-ready]")
    seconds["ready_s"] = since()
    page.keyboard.press(" ")
    page.evaluate(APPEARS, "#play[aria-pressed=true]")
    seconds["first_sound_s"] = since()
    box = page.locator("#pad").bounding_box()
    for n in range(moves):
        x, y = 0.2 + 0.6 * n / max(moves - 1, 1), 0.2 + 0.6 * (n * 7 % moves) / moves  # clear of the corners
        page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
        page.mouse.down()
        page.mouse.up()
        begun = since()
        while page.evaluate("window.studio.pad.length") <= n:
            if since() - begun > PATIENCE / 1000:
                raise RuntimeError(f"move {n + 1} of the dot does not sound")
            page.wait_for_timeout(5)
    times = page.evaluate("window.studio.pad")
    page.close()
    return seconds, times
