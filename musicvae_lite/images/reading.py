"""One picture file to an array, whatever kind of picture it is, and an array to a picture file.

Pillow reads. Palettes become colours, 16 bits 8, transparent parts white; of an animation the first picture
is taken. The last two are said.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from musicvae_lite.errors import ConfigError, MusicVAEError, ReadError
from musicvae_lite.resources import expand

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (
    ".png",
    ".jpg",
    ".jpeg",
    ".jfif",
    ".gif",
    ".bmp",
    ".webp",
    ".tif",
    ".tiff",
    ".pgm",
    ".ppm",
    ".pbm",
)
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")  # others run programs, or are none
TRANSPARENT = ("RGBA", "LA", "PA", "La", "RGBa")  # modes with an opacity for each pixel
MAX_PIXELS = 32_000_000
MAX_BYTES = 2**28
MOST_FRAMES = 1_000  # that are counted
CLOSEST = {  # how Pillow writes the kinds that leave detail out by default
    ".jpg": {"quality": 95, "subsampling": 0},
    ".jpeg": {"quality": 95, "subsampling": 0},
    ".webp": {"lossless": True},
}
ORIENTATION, ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)  # a tag of EXIF, and its values that swap height and width


@dataclass(frozen=True, eq=False)
class Picture:
    """Attributes:
    pixels: uint8 [C, H, W]; one channel where no pixel has a colour.
    name: the file it came from.
    frames: how many pictures the file holds; more in an animation.
    was_transparent: whether parts were, which are white now.
    """

    pixels: np.ndarray
    name: str
    frames: int = 1
    was_transparent: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What was changed to read it, a sentence each."""
        found = []
        if self.frames > 1:
            found.append(f"an animation of {self.frames} pictures: the first is taken")
        if self.was_transparent:
            found.append("transparent parts are made white")
        return tuple(found)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.pixels.shape[1], self.pixels.shape[2]


def read_picture(path: str | Path) -> Picture:
    """Reads a picture file.

    Raises:
        ReadError: missing, a folder, empty, not a picture, damaged, or too large; `code` says which.
    """
    with _opened(path) as image:
        frames = _frames(image)
        image.load()
        pixels, was_transparent = _array(image, path)
    return Picture(pixels, str(path), frames, was_transparent)


def read_size(path: str | Path) -> tuple[int, int]:
    """Height and width of a picture as `read_picture` gives it, without keeping it. Raises ReadError."""
    with _opened(path) as image:
        if image.format == "TIFF":  # some versions of Pillow have turned it already, and some have not
            from PIL import ImageOps

            image.load()
            width, height = ImageOps.exif_transpose(image).size
            return height, width
        is_on_its_side = image.getexif().get(ORIENTATION) in ON_ITS_SIDE
        width, height = image.size
        return (width, height) if is_on_its_side else (height, width)


def of_image(image: Image, name: str = "the picture") -> Picture:
    """A Pillow image of any mode as `read_picture` would give it. Raises ReadError, as that does."""
    pixels, was_transparent = _array(image, name)
    return Picture(pixels, name, was_transparent=was_transparent)


@contextmanager
def _opened(path: str | Path) -> Iterator[Image]:
    """A picture file whose size is checked. What goes wrong while it is used becomes a ReadError."""
    place = expand(path)
    if place.is_dir():
        raise ReadError(path, "is a folder, not a picture", "folder")
    if not place.exists():
        raise ReadError(path, "no such file", "missing")
    from PIL import Image, UnidentifiedImageError

    try:
        size = place.stat().st_size
        if not size:
            raise ReadError(path, "the file is empty", "empty")
        if size > MAX_BYTES:
            raise ReadError(path, f"{size:,} bytes are more than the limit of {MAX_BYTES:,}", "limit")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd metadata; sizes are checked here
            with Image.open(place, formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    size = f"{image.width:,} x {image.height:,}"
                    raise ReadError(path, f"{size} pixels are more than the limit of {MAX_PIXELS:,}", "limit")
                yield image
    except Image.DecompressionBombError:
        raise ReadError(path, f"more pixels than the limit of {MAX_PIXELS:,}", "limit") from None
    except UnidentifiedImageError:
        raise ReadError(
            path, "is not a picture (PNG, JPEG, GIF, BMP, WebP, TIFF are)", "no picture"
        ) from None
    except PermissionError:
        raise ReadError(path, "no permission to read it", "permission") from None
    except ReadError:
        raise
    except Exception as error:  # Pillow's readers raise anything at damage: struct.error, TypeError
        raise ReadError(path, f"damaged: {str(error)[:300]}", "damaged") from None


def _frames(image: Image) -> int:
    """How many pictures an animation has; no more than `MOST_FRAMES` are counted."""
    count = 1
    if getattr(image, "is_animated", False):
        try:
            while count < MOST_FRAMES:
                image.seek(count)
                count += 1
        except EOFError:
            pass
        image.seek(0)
    return count


def _array(image: Image, path: object) -> tuple[np.ndarray, bool]:
    """A loaded picture as uint8 [C, H, W], and whether parts of it were transparent."""
    from PIL import ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits; Pillow keeps some of them as 32-bit whole numbers
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 65535:
            raise ReadError(path, "holds values beyond 16 bits", "damaged")
        pixels, clear = (values // 257).astype(np.uint8), values == image.info.get("transparency")
        pixels[clear] = 255
        return pixels[None], bool(np.any(clear))
    if image.mode in ("1", "L") and "transparency" not in image.info:
        return np.array(image.convert("L"))[None], False
    if image.mode == "F":
        raise ReadError(path, "holds numbers, not colours: save it with 8 or 16 bits a channel", "no picture")
    image, was_transparent = on_white(image)
    return grey_if_it_is(np.asarray(image).transpose(2, 0, 1)), was_transparent


def on_white(image: Image) -> tuple[Image, bool]:
    """Any picture of colours in red, green and blue, and whether parts were transparent: these are white."""
    from PIL import Image as images

    if image.mode not in TRANSPARENT and "transparency" not in image.info:
        return image.convert("RGB"), False
    image = image.convert("RGBA")
    was_transparent = image.getchannel("A").getextrema() != (255, 255)
    return images.alpha_composite(images.new("RGBA", image.size, "white"), image).convert(
        "RGB"
    ), was_transparent


def grey_if_it_is(pixels: np.ndarray) -> np.ndarray:
    """[3, H, W] to [1, H, W] where the three channels are the same."""
    is_grey = (pixels[0] == pixels[1]).all() and (pixels[0] == pixels[2]).all()
    return np.ascontiguousarray(pixels[:1] if is_grey else pixels)


def in_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    """[C, H, W] in that many channels: grey is repeated, colours become their luma (BT.601)."""
    if pixels.shape[0] == channels:
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=0)
    return np.round(luma(pixels.astype(np.float32)))[None].astype(np.uint8)


def luma(pixels: np.ndarray) -> np.ndarray:
    """Brightness [..., H, W] of [..., C, H, W], on the same scale: 0.299 R + 0.587 G + 0.114 B."""
    if pixels.shape[-3] == 1:
        return pixels[..., 0, :, :]
    weights = np.array([0.299, 0.587, 0.114], dtype=pixels.dtype)
    return np.tensordot(weights, pixels, axes=([0], [pixels.ndim - 3]))


def resized(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """uint8 [C, H, W] at another size: filtered, so that shrinking keeps thin strokes."""
    if pixels.shape[1:] == (height, width):
        return pixels
    from PIL import Image

    layers = [
        Image.fromarray(channel).resize((width, height), Image.Resampling.LANCZOS) for channel in pixels
    ]
    return np.stack([np.asarray(layer) for layer in layers])


def fitted(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """uint8 [C, H, W] at another size without stretching it: the missing sides get the colour of its rim."""
    _, old_height, old_width = pixels.shape
    scale = max(old_height / height, old_width / width)
    inner = (max(1, round(old_height / scale)), max(1, round(old_width / scale)))
    small = resized(pixels, *inner)
    if inner == (height, width):
        return small
    rim = [pixels[:, 0], pixels[:, -1], pixels[:, :, 0], pixels[:, :, -1]]
    colour = np.median(np.concatenate(rim, axis=1), axis=1).astype(np.uint8)
    found = np.empty((len(pixels), height, width), np.uint8)
    found[:] = colour[:, None, None]
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    found[:, top : top + inner[0], left : left + inner[1]] = small
    return found


def to_image(pixels: np.ndarray) -> Any:
    """uint8 [C, H, W] to a Pillow image."""
    from PIL import Image

    return Image.fromarray(
        pixels[0] if pixels.shape[0] == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0))
    )


def as_bytes(values: np.ndarray) -> np.ndarray:
    """Values in 0..1 to uint8."""
    return np.round(np.clip(values, 0, 1) * 255).astype(np.uint8)


def check_target(path: str | Path, suffixes: tuple[str, ...] = (".png", ".jpg", ".jpeg", ".webp")) -> Path:
    """The path of a picture to write. Raises ConfigError for a suffix that is none, or a folder."""
    target = expand(path)
    if target.suffix.lower() not in suffixes:
        raise ConfigError(f"{path}: the name of a picture must end in one of {', '.join(suffixes)}")
    if target.is_dir():
        raise ConfigError(f"{path}: is a folder; name a file in it")
    return target


def write_picture(path: str | Path, pixels: np.ndarray) -> Path:
    """Writes uint8 [C, H, W], atomically: PNG and WebP as they are, JPEG at quality 95 with whole colours.

    Raises:
        MusicVAEError: the disk refuses, or the picture is larger than its kind of file can hold.
    """
    target = check_target(path)
    return save_image(to_image(pixels), target, **CLOSEST.get(target.suffix.lower(), {}))


def save_image(image: Any, target: Path, **options: Any) -> Path:
    from musicvae_lite.writing import replacing

    try:
        with replacing(target) as temporary:
            image.save(temporary, **options)
    except (OSError, ValueError) as error:  # the latter of a WebP that would be too large
        raise MusicVAEError(
            f"{target}: cannot be written: {getattr(error, 'strerror', None) or error}"
        ) from error
    return target
