"""A few lines that use what the segmenter finds: where to reach for the best unknown object.

python examples/pick_best.py IMAGE
"""

import sys

import numpy as np

from osis_ros.errors import ImageError
from osis_ros.inference.image_file import read_image
from osis_ros.inference.segmenter import Segmenter

if len(sys.argv) != 2:
    sys.exit(__doc__)
try:
    rgb = read_image(sys.argv[1])
except ImageError as error:
    sys.exit(str(error))
segmenter = Segmenter("tabletop")
instances, limit = segmenter.segment(rgb), segmenter.bundle.manifest.thresholds.unknown
for i in range(len(instances)):  # best score first
    rows, columns = np.nonzero(instances.full_mask(i))  # of the mask on the whole image
    if instances.unknown[i] and len(rows):
        pixel, (width, height) = f"{columns.mean():.0f}, {rows.mean():.0f}", instances.rois[i, 2:]
        print(f"unknown object of {len(rows)} pixels, distance {instances.distances[i]:.2f} (known up to {limit:.2f}): "
              f"reach for pixel ({pixel}) in a {width}x{height} region")  # fmt: skip
        break
else:
    print(f"no unknown object among {len(instances)}")
