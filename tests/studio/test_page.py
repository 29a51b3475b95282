"""The page in headless Chromium, against a real server with small models."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from musicvae_lite import resources
from musicvae_lite.models.attributes.kept import Attributes
from musicvae_lite.models.attributes.vectors import AttributeVectors
from musicvae_lite.studio import band
from tests.models.small import save_small
from tests.studio.serving import served

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright: the page is not tested")

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("checkpoints")
    vectors = AttributeVectors({"density": torch.ones(8)})
    Attributes(vectors).save(save_small(folder / "melody-2bar", 2))
    patch = pytest.MonkeyPatch()
    patch.setattr(resources, "checkpoints_dir", lambda: folder)
    with served() as (opened, _):
        yield opened
    patch.undo()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium: the studio's page is not tested here")
    quiet = ["--autoplay-policy=no-user-gesture-required"]
    quiet += ["--no-sandbox"] * (getattr(os, "geteuid", lambda: 1)() == 0)  # root's Chromium has no sandbox
    with playwright.sync_playwright() as p:
        opened = p.chromium.launch(executable_path=found, args=quiet)
        yield opened
        opened.close()


@pytest.fixture(params=[(1280, 800), (390, 844)], ids=["laptop", "phone"])
def page(browser: Any, address: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height})
    opened = context.new_page()
    faults: list[str] = []
    asked: list[str] = []
    opened.on("pageerror", lambda fault: faults.append(str(fault)))
    opened.on("request", lambda r: asked.append(r.url))
    opened.goto(address)
    opened.wait_for_selector("body[data-ready]")
    yield opened
    assert not faults
    assert all(url.startswith((address, "data:", "blob:")) for url in asked)  # it asks nobody else
    context.close()


def test_a_find_is_made_kept_undone_and_shared_from_the_keyboard(page: Any, address: str):
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    page.locator("#pad").focus()
    before = page.locator("#pad").get_attribute("aria-valuetext")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#play[aria-pressed=true]")  # it sounds
    after = page.locator("#pad").get_attribute("aria-valuetext")
    assert before != after and len(page.evaluate("window.studio.pad")) == 1
    page.keyboard.press("k")
    page.wait_for_selector("#takes li")
    link = page.url
    other = page.context.new_page()
    other.goto(link)
    other.wait_for_selector("body[data-ready]")
    assert other.locator("#pad").get_attribute("aria-valuetext") == after
    assert other.locator("#corners").inner_text() == page.locator("#corners").inner_text()
    page.keyboard.press("u")
    assert page.locator("#pad").get_attribute("aria-valuetext") == before
    page.keyboard.press(" ")
    page.wait_for_selector("#play[aria-pressed=false]")


def test_play_pressed_while_the_model_is_loaded_is_kept(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    may_load, real = threading.Event(), band.Band

    def late(*arguments: Any) -> band.Band:
        may_load.wait(60)
        return real(*arguments)

    save_small(tmp_path / "melody-2bar", 2)
    monkeypatch.setattr(resources, "checkpoints_dir", lambda: tmp_path)
    monkeypatch.setattr(band, "Band", late)
    with served() as (address, _):
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("#model option", state="attached")  # the listing is there, the model is not
        page.wait_for_selector("#corners button", state="attached")
        page.locator("#play").click()
        assert page.get_attribute("body", "data-ready") is None
        may_load.set()
        page.wait_for_selector("#play[aria-pressed=true]")
        page.close()


def test_a_slider_moves_an_attribute_and_the_link_keeps_it(page: Any):
    page.locator("#play").click()
    page.wait_for_selector("#play[aria-pressed=true]")
    slider = page.get_by_label("Density")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    for _ in range(300):  # until it is heard; the page's own policy forbids Playwright's wait_for_function
        if page.evaluate("window.studio.pad.length"):
            break
        page.wait_for_timeout(50)
    assert page.evaluate("window.studio.pad.length")
    assert "attributes=density%3A0.5" in page.url
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert page.get_by_label("Density").input_value() == "0.5"


def test_a_knob_is_undone_by_a_key_and_keeps_no_key_to_itself(page: Any):
    knob = page.locator("#temperature")
    knob.focus()
    page.keyboard.press("ArrowRight")
    assert knob.input_value() == "0.05"
    page.keyboard.press("k")
    page.wait_for_selector("#takes li")
    page.keyboard.press("u")
    assert knob.input_value() == "0"
    page.locator("#program").select_option("40")
    page.keyboard.press("u")
    assert page.locator("#program").input_value() == "0"


def test_two_tabs_keep_all_their_takes(page: Any, address: str):
    other = page.context.new_page()
    other.goto(address)
    other.wait_for_selector("body[data-ready]")
    for count, tab in enumerate((page, other, page), 1):
        tab.keyboard.press("k")
        for shown in (page, other):
            shown.wait_for_selector(f"#takes li:nth-child({count})")
    other.get_by_label("Throw take 1 away").click()
    for shown in (page, other):
        shown.wait_for_selector("#takes li:nth-child(3)", state="detached")
    assert page.locator("#takes li").count() == 2


def test_a_fault_of_the_link_stays_until_the_visitor_goes_on(page: Any, address: str):
    page.goto(f"{address}/#model=gone&view=music")
    page.wait_for_selector("#message:not([hidden])")
    page.wait_for_timeout(500)
    assert "The model of this link, gone, is not here" in page.inner_text("#message")
    page.keyboard.press("3")
    assert page.is_hidden("#message")


def test_numbers_of_a_link_are_made_to_fit(page: Any, address: str):
    page.goto(f"{address}/#qpm=0&seed=-5&temperature=9&view=music")
    page.wait_for_timeout(500)
    shown = [page.locator(f"#{name}").input_value() for name in ("seed", "temperature")]
    assert shown == ["0", "1.5"] and "qpm=30" in page.url
    assert page.is_hidden("#message")


def test_playing_can_be_called_off_before_it_begins(page: Any):
    page.keyboard.press(" ")
    page.keyboard.press(" ")
    page.wait_for_timeout(1000)
    assert page.get_attribute("#play", "aria-pressed") == "false"
    assert page.inner_text("#play").strip().endswith("Play")


def test_keys_of_music_do_nothing_among_pictures(page: Any):
    page.locator("#tab-pictures").click()
    for key in ("k", "n", " "):
        page.keyboard.press(key)
    page.locator("#tab-music").click()
    page.wait_for_timeout(500)
    assert page.locator("#takes li").count() == 0
    assert page.get_attribute("#play", "aria-pressed") == "false"


def test_files_and_faults_reach_the_page(page: Any, examples: Path):
    page.set_input_files("#file", str(examples / "twinkle.mid"))
    page.wait_for_selector("#windows button")
    page.locator("#windows button").first.click()
    page.wait_for_selector("#corners button:first-child[aria-label*=Twinkle]")
    bad = {"name": "bad.mid", "mimeType": "audio/midi", "buffer": b"no music"}
    page.set_input_files("#file", [bad])
    page.wait_for_selector("#message:not([hidden])")
    assert "bad.mid" in page.inner_text("#message")
    good = {"name": "good.mid", "mimeType": "audio/midi", "buffer": (examples / "twinkle.mid").read_bytes()}
    page.set_input_files("#file", [bad, good])
    page.wait_for_selector("#songs button:has-text('good.mid')[aria-pressed=true]")
    page.wait_for_timeout(500)
    assert "bad.mid" in page.inner_text("#message")


def test_a_book_says_how_many_of_its_tunes_are_offered(page: Any, examples: Path):
    book = b"\n\n".join([(examples / "ode-to-joy.abc").read_bytes()] * 30)
    page.set_input_files("#file", [{"name": "book.abc", "mimeType": "text/plain", "buffer": book}])
    page.wait_for_selector("#windows p")
    assert page.inner_text("#windows p") == "24 of 30 tunes"


def test_every_control_has_a_name(page: Any):
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, canvas, img')]
        .filter(e => !e.closest('[hidden]') && !e.closest('[role=group], button'))
        .filter(e => !(e.ariaLabel || e.textContent.trim() || e.alt || (e.labels && e.labels.length)))
        .map(e => e.outerHTML)"""
    )
    assert nameless == []
