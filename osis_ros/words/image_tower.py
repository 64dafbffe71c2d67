"""`ImageTower`: a vector for a crop of the image, by the image part of a model such as CLIP, given as an ONNX file."""

from pathlib import Path

import cv2
import numpy as np

from osis_ros.inference.provider import ORT_ERRORS, open_cpu_session
from osis_ros.words.embedding_map import unit
from osis_ros.words.guess import GuessError

MARGIN = 1.3  # side of the square crop, in long sides of the box; surroundings help such models
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # CLIP's, of RGB in 0..1


class ImageTower:
    """Runs the ONNX file on the CPU.

    It has one input, float32 [B, 3, S, S] RGB, and as its first output [B, D]. Pixels are scaled to 0..1 and
    normalised with CLIP's mean and standard deviation, or those in its metadata (`mean`, `std`: three numbers with
    commas).

    Attributes:
        dim: D.
    """

    def __init__(self, file: Path, threads: int = 0) -> None:
        """Load the file and run it once.

        Args:
            threads: CPU threads; 0 for as many as the process may use (`provider.open_session`).
        Raises:
            GuessError: a file that is missing, or is not of this form.
        """
        if not file.is_file():
            raise GuessError(f"{file}: no such file, expected the image part of a model such as CLIP as ONNX")
        try:
            self._session = open_cpu_session(file, threads)
            given, metadata = self._session.get_inputs(), self._session.get_modelmeta().custom_metadata_map
            shape = given[0].shape if len(given) == 1 else None
            if shape is None or len(shape) != 4 or shape[1] != 3 or given[0].type != "tensor(float)":
                shown = ", ".join(f"{one.name} {one.type} {one.shape}" for one in given)
                raise GuessError(f"{file} takes {shown}, expected one input tensor(float) [B, 3, S, S]")
            if not isinstance(shape[3], int) or shape[2] != shape[3]:
                raise GuessError(f"{file} takes images of {shape[2]}x{shape[3]}, expected a square of fixed size; "
                                 "export it with one")  # fmt: skip
            self._name, self._side, self._one_by_one = given[0].name, shape[3], isinstance(shape[0], int)
            self._mean, self._std = (_three(file, metadata, *one) for one in (("mean", MEAN), ("std", STD)))
            vectors = self._run(np.zeros((1, 3, self._side, self._side), np.float32))
        except ORT_ERRORS as err:
            raise GuessError(f"{file} does not run: {str(err).strip().splitlines()[0][:200]}") from None
        if vectors.ndim != 2 or len(vectors) != 1:
            raise GuessError(f"{file} gives {list(vectors.shape)} for one image, expected [1, D] as its first output")
        self.dim = vectors.shape[1]

    def __call__(self, rgb: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """What is in boxes.

        Args:
            rgb: uint8 [H, W, 3] RGB. boxes: [R, 4] x0 y0 x1 y1 in pixels.
        Returns:
            [R, D] float32 of unit length.
        """
        if not len(boxes):
            return np.zeros((0, self.dim), np.float32)
        crops = np.stack([self._crop(rgb, box) for box in boxes])
        batches = np.split(crops, len(crops)) if self._one_by_one else [crops]
        return unit(np.concatenate([self._run(batch) for batch in batches]))

    def _run(self, crops: np.ndarray) -> np.ndarray:
        return self._session.run(None, {self._name: crops})[0]

    def _crop(self, rgb: np.ndarray, box: np.ndarray) -> np.ndarray:
        """[3, S, S] normalised; beyond the image it is 0, the mean colour."""
        (x0, y0), (x1, y1) = box[:2], box[2:]
        side = max(MARGIN * max(x1 - x0, y1 - y0), 1.0)
        scale = self._side / side
        left, top = (x0 + x1 - side) / 2, (y0 + y1 - side) / 2
        # Pixel i covers [i, i + 1), so its middle is at i + 0.5 on both sides.
        matrix = np.array([[scale, 0, (0.5 - left) * scale - 0.5], [0, scale, (0.5 - top) * scale - 0.5]])
        x, y = max(0, int(left)), max(0, int(top))
        part = rgb[y : int(np.ceil(top + side)), x : int(np.ceil(left + side))]
        if scale < 0.5:  # a warp takes 4 pixels for each new one, so many small ones are averaged first
            smaller = max(1, int(1 / scale))
            size = (max(1, part.shape[1] // smaller), max(1, part.shape[0] // smaller))
            ratio = np.array([part.shape[1] / size[0], part.shape[0] / size[1]])
            part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        else:
            ratio = np.ones(2)
        matrix[:, :2] *= ratio
        matrix[:, 2] += scale * (np.array([x, y]) + (ratio - 1) / 2)
        pixels = (part.astype(np.float32) / 255 - self._mean) / self._std
        warped = cv2.warpAffine(pixels, matrix, (self._side, self._side), flags=cv2.INTER_CUBIC)
        return np.ascontiguousarray(warped.transpose(2, 0, 1), np.float32)


def _three(file: Path, metadata: dict[str, str], name: str, default: tuple[float, ...]) -> np.ndarray:
    text = metadata.get(name)
    try:
        values = default if text is None else tuple(float(part) for part in text.strip("[] ").split(","))
    except ValueError:
        values = ()
    if len(values) != 3 or (name == "std" and min(values) <= 0):
        raise GuessError(f"{file}: its metadata has {name} '{text}', expected three numbers with commas")
    return np.array(values, np.float32)
