"""Chords: symbols, their encodings, and inference from notes. What a model can be conditioned on."""

from musicvae_lite.music.chords.encodings import encode, progression, symbol_of, triad_of
from musicvae_lite.music.chords.symbols import ChordSymbol, is_symbol, parse

__all__ = ["ChordSymbol", "encode", "is_symbol", "parse", "progression", "symbol_of", "triad_of"]
