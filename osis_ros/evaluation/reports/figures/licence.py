"""Which photographs of a data set may be shown to anybody, changed by what is drawn on them."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from osis_ros.coco.annotations import EvaluationError, GroundTruth, read_json

# Licences that let anybody pass on a changed picture, for any use; told by a part of their address, as COCO names them.
FREE = {
    "creativecommons.org/publicdomain/": "public domain",
    "creativecommons.org/licenses/by/": "CC BY",
    "creativecommons.org/licenses/by-sa/": "CC BY-SA",
    "flickr.com/commons/usage": "no known copyright restrictions",
    "usa.gov/copyright": "United States Government work",
    "apache.org/licenses/LICENSE-2.0": "Apache-2.0",
}


@dataclass(frozen=True)
class Credit:
    """Where a photograph comes from and its licence; `source` is an address, or the file's name where none is given."""

    source: str
    licence: str
    licence_url: str

    def markdown(self) -> str:
        name = Path(self.source).name
        origin = f"[{name}]({self.source})" if "://" in self.source else name
        return f"{origin} ([{self.licence}]({self.licence_url}))"


def read_credits(path: Path) -> dict[int, Credit]:
    """Image id -> credit of the images of a COCO-format file whose `licenses` entry allows changed copies for any use.

    Raises:
        EvaluationError: no image has such a licence.
    """
    content = read_json(path)
    content = content.get("ground_truth", content) if isinstance(content, dict) else {}
    licences = {
        entry.get("id"): str(entry.get("url", ""))
        for entry in content.get("licenses") or []
        if isinstance(entry, dict)
    }  # fmt: skip
    credits = {}
    for image in content.get("images") or []:
        url = licences.get(image.get("license"), "")
        name = next((FREE[part] for part in FREE if part in url), None)
        if name is not None:
            version = Path(url.rstrip("/")).name if name.startswith("CC") else ""
            source = image.get("flickr_url") or image.get("coco_url") or image.get("file_name", "")
            credits[image["id"]] = Credit(str(source), f"{name} {version}".strip(), url)
    if not credits:
        raise EvaluationError(f"{path}: no image has a licence that lets changed copies be passed on, expected COCO's "
                              "list 'licenses' and in each image the id of one such as CC BY")  # fmt: skip
    return credits


def free_images(truth: GroundTruth, credits: dict[int, Credit]) -> GroundTruth:
    """The images that have a credit, with their objects."""
    kept = np.array([image.id in credits for image in truth.images])
    objects = truth.objects.take(kept[truth.objects.image])
    return replace(
        truth,
        images=tuple(image for image in truth.images if image.id in credits),
        objects=replace(objects, image=(np.cumsum(kept) - 1)[objects.image]),
    )
