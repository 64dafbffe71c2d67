"""`osis teach`, `forget` and `taught`: names for objects, from a few views, without training."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osis_ros.cli.console import plain_console
from osis_ros.cli.failure import fail
from osis_ros.cli.options import MaxOverlap, Model, Provider, ScoreThreshold

if TYPE_CHECKING:
    from osis_ros.inference.segmenter import Segmenter
    from osis_ros.instances import Instances
    from osis_ros.teaching.gallery import Gallery
    from osis_ros.teaching.showing import Picture

GalleryFolder = Annotated[Path, typer.Option(help="Folder of the taught names.")]


def teach(
    sources: Annotated[
        list[Path] | None, typer.Argument(metavar="IMAGES|BAG", help="Image files, folders of images, or one bag.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name to teach.")] = None,
    gallery: GalleryFolder = Path("gallery"),
    region: Annotated[
        tuple[float, float, float, float] | None,
        typer.Option(help="Where the object is in the first image: corners in pixels.", metavar="X0 Y0 X1 Y1"),
    ] = None,
    instance: Annotated[
        int | None, typer.Option(min=1, help="Number of the object in the first image, as `osis segment` writes it.")
    ] = None,
    model: Model = "tabletop",
    provider: Provider = "cpu",
    score_threshold: ScoreThreshold = None,
    max_overlap: MaxOverlap = 0.7,
    image_topic: Annotated[str | None, typer.Option(help="Topic of the bag's images. Default: the only one.")] = None,
    views: Annotated[int, typer.Option(min=1, help="Look at N images of a bag, evenly spread.", metavar="N")] = 20,
    force: Annotated[bool, typer.Option(help="Keep a name even if something else looks the same.")] = False,
    again: Annotated[
        bool, typer.Option(help="Compute the whole gallery's vectors again, for the model given by --model.")
    ] = False,
) -> None:
    """Teach the name of an object from one image or more, without training.

    With --region or --instance the object is marked in the first image and followed through the others. Without them,
    each image must show only this object. `osis segment --gallery` and the segmenter's parameter teaching.gallery
    use the names.
    """
    from osis_ros.inference.segmenter import Segmenter
    from osis_ros.teaching.gallery_folder import read_gallery, write_name
    from osis_ros.teaching.names import checked_name
    from osis_ros.teaching.showing import shown

    if again:
        if sources or name or region or instance:
            raise fail("--again embeds a whole gallery: give it without images, name, region and instance")
        return _again(gallery, Segmenter(model, provider))
    if not sources or name is None:
        raise fail("expected images or a bag, and --name; `osis teach --help` explains")
    if region is not None and instance is not None:
        raise fail("--region and --instance both say which object: give one of them")
    segmenter = Segmenter(model, provider)
    known = read_gallery(gallery, segmenter.bundle)
    name = checked_name(name, known.class_names, known.names)
    pictures = _pictures(
        segmenter, sources, image_topic, views, score_threshold=score_threshold, max_overlap=max_overlap
    )
    choose = _chooser(region, instance)
    taught, missed = shown(known, name, pictures, choose, each=region is None and instance is None, force=force)
    write_name(gallery, taught, name)
    for label in missed:
        typer.echo(f"{label}: the object was not found in it, so it was left out")
    typer.echo(sentence(taught, name) + f" ({gallery / name})")


def forget(
    name: Annotated[str, typer.Argument(help="Taught name.")],
    gallery: GalleryFolder = Path("gallery"),
    model: Model = "tabletop",
) -> None:
    """Forget a taught name, with its views."""
    from osis_ros.inference.bundle import load_bundle
    from osis_ros.teaching.gallery_folder import forget_name, read_gallery

    _ = read_gallery(gallery, load_bundle(model), of_any_model=True)[name]
    forget_name(gallery, name)
    typer.echo(f"'{name}' is forgotten")


def taught(gallery: GalleryFolder = Path("gallery"), model: Model = "tabletop") -> None:
    """List the taught names, and how well each can be told apart."""
    from rich.table import Table

    from osis_ros.inference.bundle import load_bundle
    from osis_ros.teaching.gallery_folder import read_gallery

    known = read_gallery(gallery, load_bundle(model))
    table = Table("name", "views", "threshold", "own views", "nearest other thing", title=f"taught in {gallery}")
    for name, found in known.separations.items():
        nearest = f"{found.nearest:.2f} {found.nearest_name}" if found.nearest_name else "none"
        table.add_row(name, str(len(known[name].views)), f"{found.threshold:.2f}", f"{found.own:.2f}", nearest)
    plain_console().print(table)


def sentence(known: "Gallery", name: str) -> str:
    """How well a name can be told apart."""
    from osis_ros.teaching.recognition import in_words

    return in_words(name, len(known[name].views), known.separations[name])


def _again(folder: Path, segmenter: "Segmenter") -> None:
    from osis_ros.teaching.again import embedded_again
    from osis_ros.teaching.gallery_folder import read_gallery, write_name

    known = read_gallery(folder, segmenter.bundle, of_any_model=True)
    if not known.taught:
        raise fail(f"{folder} holds no taught name, expected the folder of a gallery")
    anew, losses = embedded_again(known, segmenter)
    for name in anew.names:
        write_name(folder, anew, name)
    for loss in losses:
        typer.echo(loss)
    typer.echo(f"{folder}: {len(anew.names)} names embedded again by '{segmenter.bundle.name}'")


def _chooser(region: tuple | None, instance: int | None) -> "Callable[[Instances], int]":
    from osis_ros.teaching.lesson import instance_in_region, instance_with_id, the_only_instance

    if region is not None:
        return lambda found: instance_in_region(found, *region)
    return the_only_instance if instance is None else lambda found: instance_with_id(found, instance)


def _pictures(
    segmenter: "Segmenter", sources: list[Path], topic: str | None, views: int, **thresholds: float | None
) -> "Iterator[Picture]":
    from osis_ros.bags.bag_path import is_bag
    from osis_ros.inference.image_file import read_image
    from osis_ros.inference.segment_files import find_images
    from osis_ros.teaching.showing import Picture

    if any(is_bag(source) for source in sources):
        if len(sources) > 1:
            raise fail("one bag can be taught from at a time, and no images beside it")
        from osis_ros.bags.pictures import pictures_of_bag

        images = pictures_of_bag(sources[0], topic, views)
    else:
        images = ((str(file), read_image(file)) for file in find_images(sources))
    return (Picture(rgb, segmenter.segment(rgb, **thresholds), label) for label, rgb in images)
