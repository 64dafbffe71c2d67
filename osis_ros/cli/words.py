"""`osis names` and `guess-map`: vectors for a list of names, and a map from a model's embeddings to such vectors."""

from pathlib import Path
from typing import Annotated

import typer

from osis_ros.cli.failure import fail
from osis_ros.cli.options import First, GroundTruth, Images, Provider
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
    """Write the vectors of a list of names to a file, for `osis detect`, `osis segment` and the segmenter node.

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


def guess_map(
    model: Annotated[str, typer.Argument(help="Folder of a model bundle, or the name of a model in the package.")],
    output: Annotated[Path, typer.Argument(help="Output file, NAME.npz.")],
    ground_truth: GroundTruth,
    images: Images,
    vectors: Annotated[
        Path, typer.Option(help="Word vectors, or a names file, with every category name of the ground truth.")
    ],
    provider: Provider = "cpu",
    score_threshold: Annotated[
        float, typer.Option(min=0, max=1, help="Lowest score of the instances to learn from.")
    ] = 0.05,
    first: First = None,
) -> None:
    """Fit a map with which `osis segment` and the segmenter node guess the names of unknown objects.

    The model runs on the images. The map is fitted to relate its embeddings of the annotated objects to the vectors of
    their names. The command prints how often the map is right for names that it was not fitted with.
    """
    from osis_ros.evaluation.jobs.guess_map import make_guess_map
    from osis_ros.inference.segmenter import Segmenter
    from osis_ros.words.embedding_map import is_map, write_map

    if output.suffix != ".npz":
        raise fail(f"the output is {output}, expected a name that ends in .npz")
    require_output(output, (ground_truth, vectors), is_map, "guess map")
    found, fit = make_guess_map(Segmenter(model, provider), ground_truth, images, vectors, score_threshold, first)
    write_map(output, found)
    rules = found.rules
    typer.echo(f"{fit.objects} objects of {fit.names} names; tried on names left out, a fifth of them at a time:")
    typer.echo(f"  right name among the names left out: {fit.right:.1%} of their objects, by chance {fit.chance:.1%}")
    typer.echo(f"  all names in the list: {fit.guessed:.1%} of these objects get a guess, {fit.guessed_right:.1%} of "
               "the guesses are right")  # fmt: skip
    typer.echo(f"{output}: threshold {rules.threshold:g}, temperature {rules.temperature:g}, penalty of the names "
               f"fitted with {rules.penalty:g}")  # fmt: skip


def _lines(file: Path) -> tuple[str, ...]:
    try:
        return tuple(line.strip() for line in file.read_text("utf-8").splitlines() if line.strip())
    except UnicodeDecodeError:
        raise fail(f"{file} is not UTF-8 text, expected one name in each line") from None
