"""Simulates the errors of a depth camera: noise, quantisation, shadows, flying pixels, holes."""

from dataclasses import dataclass

import cv2
import numpy as np

EDGE = 0.015  # m between neighbours, from which on they lie on two surfaces
GRAZING = 80.0  # degrees from the surface's normal, beyond which nothing comes back


@dataclass(frozen=True)
class DepthSensor:
    """A triangulating depth camera.

    Attributes:
        baseline: metres between its two eyes; the second one is to the right.
        scatter: standard deviation of the disparity in pixels. At z metres depth scatters by z² · scatter / (fx ·
            baseline).
        step: disparities are whole multiples of this, in pixels.
        shift: standard deviation in pixels by which a reading is taken beside its place.
        nearest, farthest: metres between which there are readings.
        flying: share of the pixels at edges that report a depth between the two surfaces.
        holes: share of the pixels in patches without a reading, as of dark or shiny things.
    """

    baseline: float
    scatter: float
    step: float
    shift: float
    nearest: float
    farthest: float
    flying: float
    holes: float


# The figures of a D435-like active stereo camera and of a first-generation structured-light one.
SENSORS = {
    "none": None,
    "stereo": DepthSensor(0.05, 0.08, 1 / 32, 0.5, 0.28, 6.0, 0.5, 0.01),
    "structured": DepthSensor(0.075, 0.10, 1 / 8, 0.5, 0.4, 5.0, 0.3, 0.02),
}


def measure(depth: np.ndarray, focal: float, sensor: DepthSensor | None, rng: np.random.Generator) -> np.ndarray:
    """What the sensor reports of a perfect depth image.

    Args:
        depth: [H, W] float32 metres along the optical axis, 0 where there is nothing.
        focal: fx in pixels.
        sensor: None for a perfect one.
        rng: of this frame's noise.
    Returns:
        [H, W] float32 metres, 0 where there is no reading.
    """
    if sensor is None:
        return depth.copy()
    height, width = depth.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    jitter = rng.normal(0, sensor.shift, (2, height, width)).astype(np.float32)
    moved = cv2.remap(depth, columns + jitter[0], rows + jitter[1], cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    there = moved > 0
    disparity = np.zeros_like(moved)
    disparity[there] = focal * sensor.baseline / moved[there]
    disparity += rng.normal(0, sensor.scatter, depth.shape).astype(np.float32) * there
    disparity = _flown(disparity, depth, sensor.flying, rng)
    disparity = np.round(disparity / sensor.step) * sensor.step
    measured = np.zeros_like(depth)
    usable = there & (disparity > 0)
    measured[usable] = focal * sensor.baseline / disparity[usable]
    lost = _shadowed(depth, focal * sensor.baseline) | _grazing(depth, focal) | _patches(depth.shape, sensor.holes, rng)
    lost |= (measured < sensor.nearest) | (measured > sensor.farthest)
    measured[lost] = 0
    return measured


def _flown(disparity: np.ndarray, depth: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Some pixels at edges get a disparity anywhere between those of the two surfaces."""
    square = np.ones((3, 3), np.uint8)
    edge = cv2.dilate(depth, square) - cv2.erode(depth, square) > EDGE
    near, far = cv2.dilate(disparity, square), cv2.erode(disparity, square)
    flying = edge & (rng.random(depth.shape) < share) & (far > 0)
    mixed = far + (near - far) * rng.random(depth.shape).astype(np.float32)
    return np.where(flying, mixed, disparity)


def _shadowed(depth: np.ndarray, scale: float) -> np.ndarray:
    """[H, W] bool: what the second eye cannot see, because something nearer to its right stands before it."""
    columns = np.arange(depth.shape[1], dtype=np.float32)
    seen_at = columns - np.where(depth > 0, scale / np.maximum(depth, 1e-6), 0)  # column in the second eye's picture
    leftmost = np.minimum.accumulate(seen_at[:, ::-1], axis=1)[:, ::-1]
    hidden = np.zeros(depth.shape, bool)
    hidden[:, :-1] = leftmost[:, 1:] < seen_at[:, :-1] - 0.5
    return hidden & (depth > 0)


def _grazing(depth: np.ndarray, focal: float) -> np.ndarray:
    """[H, W] bool: surfaces that are seen almost from the side. A jump from one to another is none."""
    square = np.ones((3, 3), np.uint8)
    jump = cv2.dilate(depth, square) - cv2.erode(depth, square) > 4 * EDGE
    slope = np.hypot(cv2.Sobel(depth, -1, 1, 0, scale=0.125), cv2.Sobel(depth, -1, 0, 1, scale=0.125))
    return (slope * focal > np.tan(np.deg2rad(GRAZING)) * np.maximum(depth, 1e-6)) & ~jump


def _patches(shape: tuple[int, int], share: float, rng: np.random.Generator) -> np.ndarray:
    """[H, W] bool: blobs of some 20 pixels that cover about this share of the image."""
    if share <= 0:
        return np.zeros(shape, bool)
    coarse = rng.normal(size=(shape[0] // 10 + 2, shape[1] // 10 + 2)).astype(np.float32)
    smooth = cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return smooth > np.quantile(smooth, 1 - share)
