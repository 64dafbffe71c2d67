"""Simulates the errors of a colour camera: exposure, colour cast, shade, blur, noise."""

from dataclasses import dataclass

import cv2
import numpy as np

from osis_ros.simulation.draws import Draw

_TO_LINEAR = ((np.arange(256, dtype=np.float32) / 255) ** 2.2).reshape(1, 256)
_STEPS = 4096


@dataclass(frozen=True, eq=False)
class Sensor:
    """How one picture is taken.

    Attributes:
        exposure: the mean linear brightness that the automatic exposure aims at.
        white_balance: [3] gains of R, G, B.
        vignette: loss of light in the corners, 0..1.
        unevenness: strength of a slow change of light across the picture, 0..1.
        contact_shade: darkening of creases and of the ground beside objects, 0..1.
        blur: standard deviation of the defocus, px.
        motion: (px, degrees) of the motion blur; 0 px for none.
        shot_noise, read_noise: of linear light in 0..1; variance = shot_noise² · light + read_noise².
        contrast, saturation: 1 leaves them.
        quality: JPEG quality that the picture went through before, or None.
    """

    exposure: float
    white_balance: np.ndarray
    vignette: float
    unevenness: float
    contact_shade: float
    blur: float
    motion: tuple[float, float]
    shot_noise: float
    read_noise: float
    contrast: float
    saturation: float
    quality: int | None


def sensor(draw: Draw) -> Sensor:
    """A random camera: mostly good, at times dark, blown out, noisy, soft or compressed."""
    noisy = draw.log_uniform(0.002, 0.025)
    return Sensor(
        exposure=draw.log_uniform(0.1, 0.45),
        white_balance=np.exp(draw.uniform(-0.16, 0.16, 3)) * np.array([1.0, 0.97, 1.0]),
        vignette=draw.uniform(0, 0.5) if draw.chance(0.5) else 0.0,
        unevenness=draw.uniform(0, 0.6),
        contact_shade=draw.uniform(0.1, 0.7),
        blur=draw.uniform(0.2, 1.3) if draw.chance(0.5) else 0.0,
        motion=(draw.uniform(2, 7), draw.uniform(0, 180)) if draw.chance(0.12) else (0.0, 0.0),
        shot_noise=noisy,
        read_noise=noisy * draw.uniform(0.05, 0.4),
        contrast=draw.uniform(0.8, 1.3),
        saturation=draw.uniform(0.6, 1.3),
        quality=int(draw.uniform(35, 90)) if draw.chance(0.3) else None,
    )


def expose(clean: np.ndarray, depth: np.ndarray, camera: Sensor, rng: np.random.Generator) -> np.ndarray:
    """Take the picture.

    Args:
        clean: uint8 [H, W, 3] rendering, RGB.
        depth: float32 [H, W] metres, 0 where there is nothing.
        camera: how.
        rng: of the noise.
    Returns:
        uint8 [H, W, 3] RGB.
    """
    height, width = depth.shape
    light = cv2.LUT(clean, np.repeat(_TO_LINEAR[..., None], 3, -1))
    gain = _illumination(height, width, camera, rng)
    gain *= 1 - camera.contact_shade * _occlusion(depth)
    mean = float(light[::8, ::8].mean()) + 1e-4
    gain *= np.clip(camera.exposure / mean, 0.3, 6)
    light *= gain[..., None]
    light *= camera.white_balance.astype(np.float32)
    if camera.motion[0]:
        light = cv2.filter2D(light, -1, _streak(*camera.motion))
    if camera.blur:
        light = cv2.GaussianBlur(light, (0, 0), camera.blur)
    noise = rng.standard_normal((height, width), np.float32)
    colour_noise = rng.standard_normal((height // 2 + 1, width // 2 + 1, 3), np.float32)
    colour_noise = cv2.resize(colour_noise, (width, height), interpolation=cv2.INTER_LINEAR)
    deviation = np.sqrt(camera.shot_noise**2 * np.maximum(light, 0) + camera.read_noise**2)
    light += deviation * (0.8 * noise[..., None] + 0.7 * colour_noise)
    if camera.saturation != 1:
        grey = light @ np.array([0.3, 0.59, 0.11], np.float32)
        light = grey[..., None] + camera.saturation * (light - grey[..., None])
    table = _tone(camera.contrast)
    picture = table[np.clip(light * (_STEPS - 1), 0, _STEPS - 1).astype(np.uint16)]
    if camera.quality is not None:
        coded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, camera.quality])[1]
        picture = np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1])
    return picture


def _tone(contrast: float) -> np.ndarray:
    """[_STEPS] uint8: gamma, then contrast about mid grey with a soft shoulder."""
    value = np.linspace(0, 1, _STEPS) ** (1 / 2.2)
    value = 0.5 + (value - 0.5) * contrast
    return (np.clip(value, 0, 1) * 255 + 0.5).astype(np.uint8)


def _illumination(height: int, width: int, camera: Sensor, rng: np.random.Generator) -> np.ndarray:
    """[H, W] float32: vignette times a slow random change of light."""
    slow = cv2.resize(rng.random((3, 4), np.float32) - 0.5, (width, height), interpolation=cv2.INTER_CUBIC)
    y, x = np.linspace(-1, 1, height, dtype=np.float32), np.linspace(-1, 1, width, dtype=np.float32)
    corner = (y**2)[:, None] + (x**2)[None, :]
    return (1 + camera.unevenness * slow) * (1 - camera.vignette * corner / 2)


def _occlusion(depth: np.ndarray) -> np.ndarray:
    """[H, W] float32 in 0..1: how much nearer the neighbourhood is (depth-buffer unsharp mask, Luft et al. 2006)."""
    small = cv2.resize(depth, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_NEAREST)
    small = np.where(small > 0, small, small.max())
    shade = np.zeros_like(small)
    for window, reach in ((9, 0.03), (31, 0.06)):
        shade += np.clip((small - cv2.blur(small, (window, window))) / reach, 0, 1) * 0.5
    return cv2.resize(cv2.GaussianBlur(shade, (0, 0), 1.5), depth.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _streak(length: float, degrees: float) -> np.ndarray:
    size = int(length) | 1
    kernel = np.zeros((size, size), np.float32)
    kernel[size // 2] = 1
    turn = cv2.getRotationMatrix2D((size / 2 - 0.5, size / 2 - 0.5), degrees, 1)
    kernel = cv2.warpAffine(kernel, turn, (size, size))
    return kernel / kernel.sum()
