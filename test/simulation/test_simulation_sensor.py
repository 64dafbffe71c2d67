"""The sensor: what each of its faults does to a picture, and that a perfect one does nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from osis_ros.simulation.draws import Draw
from osis_ros.simulation.sensor import Sensor, expose, sensor

PERFECT = Sensor(exposure=0.2, white_balance=np.ones(3), vignette=0, unevenness=0, contact_shade=0, blur=0,
                 motion=(0.0, 0.0), shot_noise=0, read_noise=0, contrast=1, saturation=1, quality=None)  # fmt: skip
FLAT = np.ones((96, 128), np.float32)


def grey(level: int) -> np.ndarray:
    return np.full((96, 128, 3), level, np.uint8)


def shoot(clean: np.ndarray, camera: Sensor, depth: np.ndarray = FLAT) -> np.ndarray:
    return expose(clean, depth, camera, np.random.default_rng(0))


def test_automatic_exposure_brings_any_even_grey_to_its_aim():
    aim = 255 * 0.2 ** (1 / 2.2)
    for level in (70, 128, 200):
        assert np.abs(shoot(grey(level), PERFECT) - aim).max() < 1.5


def test_white_balance_tints():
    red, green, blue = shoot(grey(128), replace(PERFECT, white_balance=np.array([1.2, 1.0, 0.8]))).mean((0, 1))
    assert red > green > blue


def test_a_vignette_darkens_the_corners_only():
    picture = shoot(grey(128), replace(PERFECT, vignette=0.5)).astype(int)
    assert picture[48, 64, 0] - picture[0, 0, 0] > 20


def test_noise_has_the_deviation_asked_for():
    quiet, noisy = shoot(grey(128), PERFECT), shoot(grey(128), replace(PERFECT, read_noise=0.02))
    assert quiet.std() == 0
    linear = (noisy / 255.0) ** 2.2
    assert linear[..., 1].std() == pytest.approx(0.02, rel=0.25)


def test_blur_softens_an_edge():
    clean = grey(60)
    clean[:, 64:] = 180
    sharp, soft = shoot(clean, PERFECT), shoot(clean, replace(PERFECT, blur=2.0))
    step = np.abs(np.diff(sharp[48, :, 0].astype(int))).max()
    assert np.abs(np.diff(soft[48, :, 0].astype(int))).max() < step / 2


def test_contact_shade_darkens_the_ground_beside_an_object_and_not_far_from_it():
    depth = FLAT.copy()
    depth[30:60, 40:80] = 0.9
    picture = shoot(grey(128), replace(PERFECT, contact_shade=0.8), depth)
    assert picture[45, 84].mean() < picture[45, 120].mean() - 5
    assert abs(int(picture[45, 120].mean()) - int(picture[90, 10].mean())) <= 2


def test_random_sensors_never_lose_the_picture():
    clean = np.random.default_rng(0).integers(20, 230, (96, 128, 3), dtype=np.uint8)
    for seed in range(40):
        picture = shoot(clean, sensor(Draw("train", seed)))
        assert picture.shape == clean.shape
        assert picture.dtype == np.uint8
        assert 25 < picture.mean() < 235
