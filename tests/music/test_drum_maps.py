import pytest

from musicvae_lite.errors import ConfigError
from musicvae_lite.music import drum_maps


def test_the_maps_of_the_package():
    assert drum_maps.names() == ["magenta-61", "magenta-9", "roland-td11"]
    nine, all_of_them, roland = (drum_maps.named(n) for n in ("magenta-9", "magenta-61", "roland-td11"))
    assert len(nine) == len(roland) == 9 and len(all_of_them) == 61
    assert nine.drums == roland.drums
    assert nine.written.tolist() == [36, 38, 42, 46, 45, 48, 50, 49, 51]
    assert nine.classes[22] == nine.index("closed-hihat") and nine.classes[60] == nine.index("mid-tom")
    assert nine.classes[20] == drum_maps.NONE
    pads = [36, 38, 40, 37, 48, 50, 45, 47, 43, 58, 46, 26, 42, 22, 44, 49, 55, 57, 52, 51, 59, 53]
    assert drum_maps.NONE not in roland.classes[pads]


def test_a_users_own(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[classes]\nboom = [60]\ntick = [61, 62]\n", encoding="utf-8")
    mine = drum_maps.find(path)
    assert (mine.name, mine.drums, mine.pitches) == ("mine", ("boom", "tick"), ((60,), (61, 62)))
    assert drum_maps.find(mine.to_config()) == mine
    assert drum_maps.find("magenta-9").to_config() == "magenta-9"


def test_a_map_that_only_bears_a_known_name_is_kept_whole():
    mine = drum_maps.DrumMap("magenta-9", ("boom",), ((60,),))
    assert drum_maps.find(mine.to_config()) == mine


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[classes]\nkick = [36]\nsnare = [36]\n", "pitch 36 is both 'kick' and 'snare'"),
        ("[classes]\nkick = [136]\n", "'kick' has pitch 136"),
        ("[classes]\nkick = ['a']\n", "'kick' has pitch 'a'"),
        ("[classes]\nkick = []\n", "'kick' has no pitch"),
        ("[classes]\nkick = 36\n", "write a table"),
        ("[classes]\n", "from 1 to 128 drums"),
        ("kick = [36]\n", "no setting 'kick'"),
        ("[classes\n", "it is no TOML"),
    ],
)
def test_bad_maps_say_what_is_wrong(tmp_path, text, words):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=words) as error:
        drum_maps.find(path)
    assert "mine" in str(error.value)


def test_unknown_names_and_missing_files(tmp_path):
    with pytest.raises(ConfigError, match="there are magenta-61, magenta-9, roland-td11"):
        drum_maps.find("gm")
    with pytest.raises(ConfigError, match="cannot be read"):
        drum_maps.find(tmp_path / "none.toml")
