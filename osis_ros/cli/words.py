"""`osis names`: vectors for a list of names."""

from pathlib import Path
from typing import Annotated

import typer

from osis_ros.cli.failure import fail
from osis_ros.cli.options import names as names_in
from osis_ros.files.output_file import require_output


def names(
    vectors: Annotated[
        Path, typer.Argument(help="Word vectors: word2vec (text or binary), GloVe or fastText text, gzipped or not.")
    ],
    output: Annotated[Path, typer.Argument(help="Output file, NAME.npz.")],
    listed: Annotated[str | None, typer.Option("--names", help="The names, separated by commas.")] = None,
    file: Annotated[Path | None, typer.Option(help="A text file with one name in each line.")] = None,
) -> None:
    """Write the vectors of a list of names to a file, for `osis detect` and `osis segment`.

    A name of several words gets the mean of its words' vectors, unless the file has an entry for the whole name.
    """
    from osis_ros.words.names_file import is_names_file, write_names_file
    from osis_ros.words.word_vectors import read_word_vectors

    if (listed is None) == (file is None):
        raise fail("give either --names or --file")
    if output.suffix != ".npz":
        raise fail(f"the output is {output}, expected a name that ends in .npz")
    require_output(output, (vectors, file), is_names_file, "names file")
    wanted = names_in(listed) if file is None else _lines(file)
    typer.echo(f"reading {vectors}")
    made = read_word_vectors(vectors, wanted)
    write_names_file(output, made)
    typer.echo(f"{output}: {len(made.names)} names, {made.dim} numbers each")


def _lines(file: Path) -> tuple[str, ...]:
    try:
        return tuple(line.strip() for line in file.read_text("utf-8").splitlines() if line.strip())
    except UnicodeDecodeError:
        raise fail(f"{file} is not UTF-8 text, expected one name in each line") from None
