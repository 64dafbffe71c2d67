"""`osis teach --again`: the views of a gallery, embedded by another model."""

from dataclasses import replace

import numpy as np

from osis_ros.inference.segmenter import Segmenter
from osis_ros.teaching.appearance import appearances
from osis_ros.teaching.errors import TeachError
from osis_ros.teaching.gallery import Gallery
from osis_ros.teaching.lesson import instance_in_mask
from osis_ros.teaching.view import View

LOW_SCORE = 0.05  # what an object alone on an even ground may score


def embedded_again(gallery: Gallery, segmenter: Segmenter) -> tuple[Gallery, list[str]]:
    """The same names with the vectors of a model.

    Each crop is put where it was in its image, on an even ground, and looked for there. Its colours and outline are
    those of its own mask.

    Returns:
        The gallery, and a sentence for each view that the model does not find in its crop, which is left out.
    Raises:
        TeachError: no view of a name is found.
    """
    new, losses = Gallery.empty(segmenter.bundle), []
    for taught in gallery.taught:
        views = [_embedded(view, segmenter) for view in taught.views]
        others = [_embedded(view, segmenter) for view in taught.others]
        missed = [old.label for old, view in zip(taught.views, views, strict=True) if view is None]
        losses += [f"'{taught.name}': the model does not find the object in the view {label}" for label in missed]
        if len(missed) == len(views):
            raise TeachError(f"'{segmenter.bundle.name}' finds no view of '{taught.name}': teach it from new images")
        new = new.with_views(taught.name, [v for v in views if v], [v for v in others if v], force=True)
    return new, losses


def _embedded(view: View, segmenter: Segmenter) -> View | None:
    x, y, width, height = view.place
    rows, columns = view.mask.shape
    image = np.full((max(height, y + rows), max(width, x + columns), 3), segmenter.bundle.manifest.padding, np.uint8)
    image[y : y + rows, x : x + columns] = view.rgb
    mask = np.zeros(image.shape[:2], bool)
    mask[y : y + rows, x : x + columns] = view.mask
    found = segmenter.segment(image, score_threshold=LOW_SCORE)
    try:
        one = found.take([instance_in_mask(found, mask)])
    except TeachError:
        return None
    exact = one.replaced(rois=np.array([[x, y, columns, rows]]), masks=(view.mask,))
    return replace(view, vector=appearances(image, exact)[0])
