"""Scripts of the page that need no browser, each run by Node in a page that is hardly there."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from musicvae_lite.studio import app

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="no Node: the page's scripts are not run here")


@pytest.fixture
def run(tmp_path: Path):
    """Runs JavaScript beside the page's scripts, and gives what it says as JSON."""
    for script in app.STATIC.glob("*.js"):
        shutil.copy(script, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')

    def node(code: str) -> Any:
        (tmp_path / "said.js").write_text(f"const say = (it) => console.log(JSON.stringify(it));\n{code}")
        done = subprocess.run([NODE or "", "said.js"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return node


def test_a_fault_of_a_drag_stays_when_the_pointer_is_released(run: Any):
    said = run("""
        const heard = {}, box = { contains: () => false };
        const addEventListener = (kind, call) => { heard[kind] = call; };
        globalThis.document = { getElementById: () => box, addEventListener };
        const { tell } = await import("./messages.js"), hidden = [];
        const send = (type, more = {}) => {
          heard[type]({ type, target: null, ...more });
          hidden.push(box.hidden);
        };
        send("pointerdown");
        tell("play", "it broke");
        send("click", { detail: 1 });
        send("pointerdown");
        tell("play", "it broke");
        send("click", { detail: 0 });
        say(hidden);
    """)
    assert said == [True, False, True, True]  # a click without a press is of a key or a reader


def test_a_view_of_a_link_is_one_of_the_views(run: Any):
    said = run("""
        const { read, state } = await import("./state.js"), views = [];
        for (const view of ["toString", "__proto__", "pictures"]) {
          globalThis.location = { hash: `#view=${view}` };
          read();
          views.push(state.view);
        }
        say(views);
    """)
    assert said == ["music", "music", "pictures"]


def test_a_move_that_waits_does_not_override_a_take_asked_for_after_it(run: Any):
    said = run("""
        const { latest, wishes } = await import("./asking.js"), wished = wishes(), log = [], ends = [];
        const work = latest(async (isWanted, name) => {
          if (!isWanted()) { log.push(`${name} not asked`); return; }
          await new Promise((end) => ends.push(end));
          log.push(`${name} ${isWanted() ? "heard" : "dropped"}`);
        });
        const rest = () => new Promise((end) => setTimeout(end));
        work(wished.move(), "first");
        work(wished.move(), "second");
        ends.shift()(); await rest();
        work(wished.move(), "third");
        const take = wished.take();
        ends.shift()(); await rest();
        log.push(`take ${take() ? "heard" : "dropped"}`);
        work(wished.move(), "last");
        log.push(`take ${take() ? "heard" : "dropped"}`);
        ends.shift()(); await rest();
        say(log);
    """)
    assert said == [
        "first heard",  # while moves go on, each that is answered sounds
        "second dropped",
        "third not asked",
        "take heard",
        "take dropped",
        "last heard",
    ]


def test_a_new_take_goes_on_at_the_same_beat(run: Any):
    said = run("""
        let time = 100;
        const starts = [], node = { connect: () => node, stop() {}, start(when, at) { starts.push(at); } };
        const gain = { setValueAtTime() {}, linearRampToValueAtTime() {} };
        globalThis.AudioContext = class {
          get currentTime() { return time; }
          createBuffer() { return {}; }
          createBufferSource() { return node; }
          createGain() { return { gain, connect: () => node }; }
        };
        const { player, position, sound } = await import("./sound.js");
        player.wanted = true;
        for (const [seconds, length, beats] of [[0, 4, 8], [3, 16, 32], [12, 32, 32], [1, 4, 8], [0, 2, 8]]) {
          time += seconds;
          await sound({ length, beats, rate: 100 });
        }
        say([starts, position()]);
    """)
    # from the first beat; beat 6, of more; beat 30, at half the tempo; beat 31, which is the 7th of 8
    assert said == [[0, 3, 30, 3.5, 1.75], 1.75]


def test_a_tune_brings_its_chords_to_the_first_corner_and_where_none_are_said(run: Any):
    said = run("""
        const { brought, state } = await import("./state.js");
        const tune = { qpm: 90, program: 73, chords: "C | G" };
        const told = (corner, chords, follows) => {
          state.chords = chords;
          return brought(tune, corner, follows).chords ?? null;
        };
        const all = [told(0, "F", true), told(1, "F", true), told(1, "", true), told(0, "F", false)];
        say([...all, brought(tune, 0, true)]);
    """)
    assert said == ["C | G", None, "C | G", None, {"qpm": 90, "program": 73, "chords": "C | G"}]
