"""From a frame to its instances, without ROS."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from osis_ros.inference.bundle import BundleError
from osis_ros.inference.segmenter import Segmenter
from osis_ros.instances import Instances
from osis_ros.pipeline.frame import Frame
from osis_ros.pipeline.mask_nms import MaskNms
from osis_ros.pipeline.name import GALLERY
from osis_ros.pipeline.pipeline import SETTINGS, Pipeline
from osis_ros.pipeline.setting import SettingError, values_of
from osis_ros.pipeline.track import parameters_of
from osis_ros.teaching.lesson import lesson
from osis_ros.tracking.parameters import RANGES, TrackerParameters

HEADER = SimpleNamespace(frame_id="eye", stamp=SimpleNamespace(sec=7, nanosec=0))


def scene() -> np.ndarray:
    """Red in the first quarter, score 1; a darker blue in the last one, score 0.8."""
    rgb = np.zeros((224, 224, 3), np.uint8)
    rgb[16:96, 16:96], rgb[120:200, 120:200] = (255, 0, 0), (0, 0, 204)
    return rgb


def values(**given: object) -> dict[str, object]:
    return values_of(SETTINGS, provider="cpu", threads=1, **given)


def test_the_pipeline_finds_what_its_model_finds(colour_cells: Path):
    of_its_own = values(model=str(colour_cells))
    found = Pipeline(of_its_own)(Frame(rgb=scene(), header=HEADER), of_its_own)
    expected = Segmenter(colour_cells).segment(scene())
    assert (found.model, found.header) == ("colour_cells", HEADER)
    assert [found.instances.class_name(i) for i in range(2)] == ["red", "blue"]
    np.testing.assert_array_equal(found.instances.boxes, expected.boxes)
    for mask, wanted in zip(found.instances.masks, expected.masks, strict=True):
        np.testing.assert_array_equal(mask, wanted)


def test_thresholds_are_those_of_the_frame_and_the_model_stays(colour_cells: Path):
    pipeline = Pipeline(values(model=str(colour_cells)))
    frame = Frame(rgb=scene(), header=HEADER)
    for given, names in [({}, ["red", "blue"]), ({"score_threshold": 0.9}, ["red"]), ({"max_instances": 1}, ["red"])]:
        instances = pipeline(frame, values(model="another", **given)).instances
        assert [instances.class_name(i) for i in range(len(instances))] == names
    assert pipeline.limits["max_instances"] == 4
    assert pipeline.segment.score_threshold(values()) == 0.5
    assert pipeline.segment.score_threshold(values(score_threshold=0.9)) == 0.9


@pytest.mark.parametrize(
    ("max_overlap", "max_instances", "kept"),
    [(1.0, -1, [1, 2, 3]), (0.4, -1, [1, 3]), (1.0, 2, [1, 2]), (0.4, 2, [1, 3]), (0.4, 1, [1])],
)
def test_duplicates_go_before_the_best_are_counted(max_overlap: float, max_instances: int, kept: list[int]):
    """The second shares 60 of 140 pixels with the first (IoU 0.43), the third none."""
    rois = [[10, 10, 10, 10], [14, 10, 10, 10], [40, 40, 5, 5]]
    instances = Instances(
        boxes=[[x, y, x + w, y + h] for x, y, w, h in rois], scores=[0.9, 0.8, 0.7], class_ids=[0, 1, 1],
        distances=[0, 0, 0], embeddings=np.zeros((3, 0)), rois=rois,
        masks=tuple(np.ones((h, w), bool) for _, _, w, h in rois), height=64, width=64, class_names=("cup",),
    )  # fmt: skip
    frame = Frame(rgb=np.zeros((64, 64, 3), np.uint8), header=HEADER, instances=instances)
    given = values(max_overlap=max_overlap, max_instances=max_instances)
    assert MaskNms(given)(frame, given).instances.ids.tolist() == kept


def frames(pipeline: Pipeline, given: dict[str, object], *seconds: float, in_stream: bool = True) -> list[Frame]:
    stamps = [divmod(round(1e9 * moment), 1_000_000_000) for moment in seconds]
    headers = [SimpleNamespace(stamp=SimpleNamespace(sec=sec, nanosec=nanosec)) for sec, nanosec in stamps]
    return [pipeline(Frame(rgb=scene(), header=header, in_stream=in_stream), given) for header in headers]


def test_the_objects_of_a_stream_get_tracks_and_nothing_else_changes(colour_cells: Path):
    given = values(model=str(colour_cells))
    pipeline = Pipeline(given)
    first, second = frames(pipeline, given, 1_700_000_000.2, 1_700_000_000.7)
    assert first.instances.track_ids.tolist() == [0, 0]
    assert second.instances.track_ids.tolist() == second.tracks.ids.tolist() == [1, 2]
    (alone,) = frames(pipeline, given, 3.0, in_stream=False)
    assert alone.instances.track_ids is alone.tracks is None, "nor does a request disturb the stream"
    assert frames(pipeline, given, 1_700_000_001.2)[0].instances.track_ids.tolist() == [1, 2]
    for name in set(Instances.columns()) - {"track_ids", "track_states"}:
        np.testing.assert_array_equal(getattr(second.instances, name), getattr(alone.instances, name), err_msg=name)


def test_tracking_can_be_switched_off(colour_cells: Path):
    given = values(model=str(colour_cells)) | {"tracking.enabled": False}
    for frame in frames(Pipeline(given), given, 1.0, 2.0):
        assert frame.instances.track_ids is frame.tracks is None


def test_a_stream_that_goes_back_is_told_in_the_frame(colour_cells: Path):
    given = values(model=str(colour_cells))
    before, after = frames(Pipeline(given), given, 9.0, 2.0)
    assert before.notices == ()
    assert after.notices == ("the stamps went back by 7.0 s, so all tracks begin anew",)


def test_the_settings_of_the_tracker_are_its_own_defaults():
    given = values()
    for name, value in parameters_of(given).items():
        assert getattr(TrackerParameters(), name) == value, name
        (setting,) = (one for one in SETTINGS if one.name == f"tracking.{name}")
        assert (setting.low, setting.high) == RANGES[name]


def test_a_value_out_of_range_is_refused_with_the_reason():
    with pytest.raises(SettingError, match=r"max_overlap is 2, expected 0..1"):
        values(max_overlap=2.0)
    with pytest.raises(SettingError, match=r"provider is 'abacus', expected one of auto, cpu, cuda, tensorrt"):
        values_of(SETTINGS, provider="abacus")


def test_a_model_that_is_not_there_is_the_users_to_mend(tmp_path: Path):
    with pytest.raises(BundleError, match="does not exist"):
        Pipeline(values(model=str(tmp_path / "none")))


def test_taught_names_are_found_where_there_is_a_gallery_and_are_absent_elsewhere(colour_cells: Path, tmp_path: Path):
    frame, plain = Frame(rgb=scene(), header=HEADER), values(model=str(colour_cells))
    assert Pipeline(plain)(frame, plain).instances.taught_names is None
    given = values_of(SETTINGS, provider="cpu", threads=1, model=str(colour_cells), **{GALLERY.name: str(tmp_path)})
    pipeline = Pipeline(given)
    found = pipeline(frame, given).instances
    assert found.taught_names.tolist() == ["", ""]
    pipeline.name.kept.teach("post box", lesson(frame.rgb, found, 0, "here"))
    for other in (pipeline, Pipeline(given)):  # the second one reads the folder
        assert other(frame, given).instances.taught_names.tolist() == ["post box", ""]


def test_a_tracked_object_keeps_its_name_through_an_image_in_which_it_looks_different(
    colour_cells: Path, tmp_path: Path
):
    given = values(model=str(colour_cells)) | {GALLERY.name: str(tmp_path)}
    pipeline = Pipeline(given)
    frame = Frame(rgb=scene(), header=HEADER, in_stream=False)
    pipeline.name.kept.teach("post box", lesson(frame.rgb, pipeline(frame, given).instances, 0, "here"))
    marred = scene()
    marred[16:96, 16:76] = (120, 20, 200)

    def at(seconds: float, rgb: np.ndarray, pipeline: Pipeline = pipeline, **changed: object) -> Instances:
        nanoseconds = 1_700_000_000_000_000_000 + round(1e9 * seconds)
        stamp = SimpleNamespace(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)
        return pipeline(Frame(rgb=rgb, header=SimpleNamespace(stamp=stamp)), given | changed).instances

    for seconds in (0.0, 0.2, 0.4, 0.6):
        plain = at(seconds, scene())
        assert plain.taught_names.tolist() == plain.frame_names.tolist() == ["post box", ""]
    short = at(0.8, marred)
    assert short.taught_names.tolist() == ["post box", ""]
    assert short.frame_names.tolist() == ["", ""]
    assert short.frame_scores.tolist() == [0, 0]
    assert 0.7 < short.taught_scores[0] < plain.taught_scores[0]
    for changed in ({"teaching.memory": 0.0}, {"tracking.enabled": False}):
        alone = at(0.9, marred, **changed)
        assert alone.taught_names.tolist() == ["", ""]
        assert alone.frame_names is alone.frame_scores is None
    other = pipeline.another()
    for seconds in (0.0, 0.2, 0.4):
        assert at(seconds, marred, other).taught_names.tolist() == ["", ""], "the votes of a stream are its own"
    assert other.name.kept is pipeline.name.kept
    names = [at(1 + seconds / 5, marred).taught_names[0] for seconds in range(50)]
    assert names[0] == "post box"
    assert names[-1] == "", "what looks different for long is something else"
