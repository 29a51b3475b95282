"""`mvae data`: the catalogue of public corpora."""

from __future__ import annotations

from typing import Annotated

import typer

from mvae.output import Progress

app = typer.Typer(help="List public corpora, and fetch one.", no_args_is_help=True)


@app.command("list")
def list_corpora(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with addresses.")] = False,
) -> None:
    """List the public corpora that are known, with their licences."""
    from dataclasses import asdict

    from musicvae_lite.resources import catalogue
    from mvae.output import print_json, table

    corpora = catalogue().values()
    if as_json:
        print_json([asdict(corpus) for corpus in corpora])
        return
    table(
        ("name", "what", "licence", "weights ship", "checksum"),
        [
            (c.name, *map(_short, (c.what, c.licence, c.weights)), "yes" if c.is_verifiable else "no")
            for c in corpora
        ],
    )


@app.command()
def get(
    name: Annotated[str, typer.Argument(help="A name of `mvae data list`.")],
    verify: Annotated[
        bool, typer.Option("--verify/--no-verify", help="Refuse files without a known checksum.")
    ] = True,
) -> None:
    """Fetch a corpus into the cache folder, check it, unpack it, and say where it is."""
    from musicvae_lite.resources import catalogue, fetch
    from mvae.output import say, tell

    with Progress(f"fetching {name}", unit="MB") as progress:
        folder = fetch(name, verify, _Megabytes(progress))
    corpus = catalogue()[name]
    say(f"licence: {corpus.licence}. Weights trained on it may ship: {corpus.weights}.")
    say(f"attribution: {corpus.attribution}")
    tell(str(folder))


def _short(text: str) -> str:
    """What the catalogue puts before the colon."""
    return text.partition(": ")[0]


class _Megabytes:
    """Passes on the bytes that pooch counts, file by file, as megabytes."""

    def __init__(self, progress: Progress):
        self.progress, self.received, self.before = progress, 0, 0

    @property
    def total(self) -> int:
        return self.progress.total or 0

    @total.setter
    def total(self, size: int) -> None:  # a new file begins
        self.before, self.received = self.progress.done, 0
        self.progress.total = self.before + size // 2**20

    def update(self, size: int) -> None:
        self.received += size
        more = self.before + self.received // 2**20 - self.progress.done
        if more > 0:
            self.progress.advance(more)

    def reset(self) -> None:
        self.received = 0

    def close(self) -> None:
        pass
