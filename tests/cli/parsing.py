"""Command lines understood without being run."""

from __future__ import annotations

from collections.abc import Sequence

from typer.core import TyperGroup

from mvae.app import load


def understood(words: Sequence[str]) -> None:
    """Parses "mvae", a command and its arguments. Raises click's UsageError for what `mvae` would refuse."""
    command = load(words[1])
    context = command.make_context(words[1], list(words[2:]))
    left = [*context._protected_args, *context.args]
    if isinstance(command, TyperGroup) and left:
        name, inner, rest = command.resolve_command(context, left)
        assert inner is not None, words
        inner.make_context(name, rest)
