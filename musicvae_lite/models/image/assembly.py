"""From a config to an image model: sizes, encoder, decoder, likelihood, and the task it is trained for."""

from __future__ import annotations

from dataclasses import Field, dataclass, replace
from typing import Any

from musicvae_lite.errors import ConfigError, shown
from musicvae_lite.images.corruption import CORRUPTIONS, Downscale
from musicvae_lite.models.image import convolutional, dense, enlarging, recurrent
from musicvae_lite.models.image.likelihoods import LIKELIHOODS
from musicvae_lite.models.image.pictures import Shape
from musicvae_lite.models.image.regularisers import REGULARISERS, AdversarySettings
from musicvae_lite.models.kinds import LARGEST, of_kind, table_of
from musicvae_lite.settings import convert, from_table, to_table
from musicvae_lite.vae import VAE

MOST_PIXELS = 2**14  # a side
CHANNELS = (0, 1, 3)
NEVER_NONE = ("kernel", "width")  # sizes that no layer can be without
EITHER_WAY = ("mean",)  # no sizes: noise may darken too
ENCODERS: dict[str, type] = {
    "dense": dense.DenseEncoderSettings,
    "convolutional": convolutional.ConvolutionalEncoderSettings,
    "recurrent": recurrent.RecurrentEncoderSettings,
    "grid": enlarging.GridEncoderSettings,
}
DECODERS: dict[str, type] = {
    "dense": dense.DenseDecoderSettings,
    "convolutional": convolutional.ConvolutionalDecoderSettings,
    "recurrent": recurrent.RecurrentDecoderSettings,
    "grid": enlarging.GridDecoderSettings,
}


@dataclass(frozen=True)
class PictureSettings:
    """What pictures a model takes. A preset may leave all of it to the data.

    Attributes:
        height, width, channels: of the pictures it is trained on; 0 takes the data's own.
        patches: it is trained on pieces of that size, and works on pictures of any size by tiles.
        shrink: pieces are cut from the pictures made so many times smaller.
    """

    height: int = 0
    width: int = 0
    channels: int = 0
    patches: bool = False
    shrink: tuple[int, ...] = (1,)


@dataclass(frozen=True)
class ImageConfig:
    """Everything needed to rebuild an image model.

    Attributes:
        picture: sizes of a clean picture.
        z: size of the code; 0 until `fitted` where the encoder's `features` tell it.
        likelihood: a name of `LIKELIHOODS`.
        encoder, decoder: a settings dataclass from `ENCODERS` and one from `DECODERS`.
        conditional: whether a label conditions encoder and decoder.
        classes: names of the labels, in the order of their numbers; empty where there are none.
        corruption: what is done to the pictures the encoder reads; None for nothing.
        regulariser: what is asked of the codes besides the KL; None for nothing.
    """

    picture: PictureSettings
    z: int
    likelihood: str
    encoder: Any
    decoder: Any
    conditional: bool = False
    classes: tuple[str, ...] = ()
    corruption: Any = None
    regulariser: Any = None

    @classmethod
    def from_table(cls, table: dict[str, Any], where: str) -> ImageConfig:
        """Reads a preset's or a checkpoint's tables. Raises ConfigError, naming the field."""
        for name in ("encoder", "decoder", "z"):
            if name not in table:
                raise ConfigError(f"{where}: '{name}' is missing")
        encoder = of_kind(ENCODERS, table["encoder"], f"{where}, [encoder]", _fault)
        smallest = 0 if getattr(encoder, "features", 0) else 1
        if type(table["z"]) is not int or not smallest <= table["z"] <= LARGEST:
            raise ConfigError(
                f"{where}: 'z' must be a whole number above 0, at most {LARGEST:,}, not {shown(table['z'])}"
            )
        likelihood = table.get("likelihood", "bernoulli")
        if not isinstance(likelihood, str) or likelihood not in LIKELIHOODS:
            raise ConfigError(
                f"{where}: 'likelihood' is {shown(likelihood)}; it can be {', '.join(LIKELIHOODS)}"
            )
        picture = from_table(PictureSettings, table.get("picture", {}), f"{where}, [picture]")
        if not all(0 <= side <= MOST_PIXELS for side in (picture.height, picture.width, picture.channels)):
            raise ConfigError(f"{where}, [picture]: sizes must be 0 or more, at most {MOST_PIXELS}")
        if picture.channels not in CHANNELS:
            raise ConfigError(
                f"{where}, [picture]: 'channels' is {picture.channels}; it can be 1 for grey, 3 for colours, "
                "0 for what the pictures have"
            )
        if not picture.shrink or not all(1 <= times <= MOST_PIXELS for times in picture.shrink):
            raise ConfigError(
                f"{where}, [picture]: 'shrink' is {shown(list(picture.shrink))}; it must list whole numbers "
                "from 1, such as [1, 2]"
            )
        classes = table.get("classes", ())
        if not isinstance(classes, (list, tuple)) or len(classes) > LARGEST:
            raise ConfigError(f"{where}: 'classes' must be a list of names, not {shown(classes)}")
        return cls(
            picture,
            table["z"],
            likelihood,
            encoder,
            of_kind(DECODERS, table["decoder"], f"{where}, [decoder]", _fault),
            convert(table.get("conditional", False), bool, f"{where}: 'conditional'"),
            tuple(str(name) for name in classes),
            _optional(CORRUPTIONS, table.get("corruption"), f"{where}, [corruption]"),
            _optional(REGULARISERS, table.get("regulariser"), f"{where}, [regulariser]"),
        )

    def to_table(self) -> dict[str, Any]:
        table = {
            "family": "image",
            "picture": to_table(self.picture),
            "z": self.z,
            "likelihood": self.likelihood,
            "encoder": table_of(ENCODERS, self.encoder),
            "decoder": table_of(DECODERS, self.decoder),
            "conditional": self.conditional,
            "classes": list(self.classes),
        }
        if self.corruption is not None:
            table["corruption"] = table_of(CORRUPTIONS, self.corruption)
        if self.regulariser is not None:
            table["regulariser"] = table_of(REGULARISERS, self.regulariser)
        return table

    def fitted(self, channels: int, height: int, width: int, classes: tuple[str, ...]) -> ImageConfig:
        """The same for pictures of these sizes and labels.

        Raises:
            ConfigError: it conditions on labels and there are none; `z` and the encoder's `features` say
                different sizes of the code; or the code would be too large.
        """
        if self.conditional and len(classes) < 2:
            raise ConfigError(
                "this preset conditions on labels, and the pictures have none: put each class into a "
                "folder of its own, or choose another preset"
            )
        picture = replace(self.picture, height=height, width=width, channels=channels)
        config = replace(self, picture=picture, classes=classes)
        if not getattr(self.encoder, "features", 0):
            return config
        z = self.encoder.code_size(config.shape)
        if self.z not in (0, z):
            raise ConfigError(
                f"z is {self.z}, but the encoder's features make a code of {z:,} numbers of pictures of "
                f"{width} x {height}: set z = 0, or features = 0 in [encoder] to leave them out"
            )
        if z > LARGEST:
            raise ConfigError(
                f"for pictures of {width} x {height} the code would have {z:,} numbers; {LARGEST:,} are the "
                "most: use smaller pictures"
            )
        return replace(config, z=z)

    @property
    def factor(self) -> int:
        """How many times larger than its input the model's picture is; 1 for most."""
        return self.corruption.factor if isinstance(self.corruption, Downscale) else 1

    @property
    def is_plain(self) -> bool:
        """Whether it is a plain autoencoder, without a posterior of any width."""
        return getattr(self.encoder, "code", "plain") != "gaussian"

    @property
    def is_positive(self) -> bool:
        """Whether the numbers of its codes are never negative."""
        return getattr(self.encoder, "code", "plain") == "positive"

    @property
    def is_normal(self) -> bool:
        """Whether codes are asked to fill N(0, I), by a KL or by an adversary.

        A KL that weighs nothing asks for nothing; training fits a prior to such codes too.
        """
        return not self.is_plain or isinstance(self.regulariser, AdversarySettings)

    @property
    def is_grid(self) -> bool:
        """Whether the code keeps the picture's grid, so that pictures of any size go through by tiles."""
        return isinstance(self.decoder, enlarging.GridDecoderSettings)

    @property
    def code_shape(self) -> tuple[int, int, int] | None:
        """[C, h, w] of a code that is a small picture itself; None for one that is a list of numbers."""
        e, shape = self.encoder, self.shape
        height, width = shape.height, shape.width
        if isinstance(e, convolutional.ConvolutionalEncoderSettings) and not e.hidden:
            height, width = convolutional.sizes(height, width, len(e.widths))[-1]
        elif not isinstance(e, enlarging.GridEncoderSettings):
            return None
        return self.z // (height * width), height, width

    @property
    def shape(self) -> Shape:
        p, factor = self.picture, self.factor
        if p.height % factor or p.width % factor:
            raise ConfigError(
                f"pictures of {p.width} x {p.height} cannot be made {factor} times smaller: width and height "
                f"must be multiples of {factor}"
            )
        classes = len(self.classes) if self.conditional else 0
        return Shape(p.channels, p.height // factor, p.width // factor, self.z, classes, p.height, p.width)

    def build(self) -> VAE:
        """A freshly initialised model. Raises ConfigError when its sizes contradict each other."""
        shape = self.shape
        if not shape.channels * shape.height * shape.width:
            raise ConfigError("the model does not say of which size its pictures are")
        if not self.z:
            raise ConfigError("the model does not say of which size its code is")
        try:
            encoder, decoder = self.encoder.build(shape), self.decoder.build(shape, self.likelihood)
            return VAE(encoder, decoder, self.regulariser.build(self.z) if self.regulariser else None)
        except (ValueError, RuntimeError, LookupError, ArithmeticError) as error:  # a size of 0, say
            raise ConfigError(f"the model's sizes make no sense: {str(error)[:200]}") from error


def _optional(kinds: dict[str, type], table: Any, where: str) -> Any:
    return None if table is None else of_kind(kinds, table, where, _fault)


def _fault(field: Field, size: Any, largest: int, is_list: bool) -> str:
    if is_list and size == 0:
        return "has a size of 0"
    smallest = 1 if field.name in NEVER_NONE else -largest if field.name in EITHER_WAY else 0
    if not isinstance(size, int | float) or smallest <= size <= largest:
        return ""
    return f"is {shown(size)}; it must be {smallest} or more, at most {largest}"
