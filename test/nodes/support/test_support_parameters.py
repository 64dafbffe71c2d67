"""Parameters: described, validated before they take effect, live where that makes sense."""

import pytest
from bench import Bench, eventually, picture, rgb_message
from colour_cells import write_colour_cells
from rcl_interfaces.srv import DescribeParameters
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from vision_msgs.msg import LabelInfo

from osis_ros.msg import InstanceArray
from osis_ros.nodes.segmenter_node import SETTINGS
from osis_ros.nodes.support.qos import LATCHED

# Scores 1 and 0.8; red at distance 0, equal parts of red and blue at 1 − 1/√2 = 0.293.
SCENE = picture((16, 8, 96, 48, (255, 0, 0)), (120, 120, 200, 160, (204, 0, 0)), (120, 160, 200, 200, (0, 0, 204)))


def test_every_parameter_has_a_description_and_every_number_a_range(bench: Bench):
    bench.segmenter()
    names = [setting.name for setting in SETTINGS]
    described = bench.call(DescribeParameters, "describe_parameters", DescribeParameters.Request(names=names))
    for setting, descriptor in zip(SETTINGS, described.descriptors, strict=True):
        assert descriptor.name == setting.name
        assert descriptor.description.endswith(".")
        if isinstance(setting.default, float):
            assert descriptor.floating_point_range, setting.name
        elif isinstance(setting.default, int) and not isinstance(setting.default, bool):
            assert descriptor.integer_range, setting.name


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"score_threshold": 1.5}, "score_threshold out of range"),
        ({"score_threshold": -0.5}, "score_threshold is -0.5, expected 0..1, or -1 for the model's own"),
        ({"score_threshold": float("nan")}, "score_threshold"),
        ({"unknown_threshold": 2.5}, "unknown_threshold out of range"),
        ({"max_instances": 0}, "max_instances is 0, expected 1..1000, or -1 for the model's own"),
        ({"max_instances": 2000}, "max_instances out of range"),
        ({"score_threshold": "high"}, "Wrong parameter type"),
        ({"image_timeout": 0.0}, "image_timeout out of range"),
        ({"provider": "abacus"}, "provider is 'abacus', expected one of auto, cpu, cuda, tensorrt"),
        ({"image_transport": "theora"}, "image_transport is 'theora', expected one of raw, compressed"),
        ({"qos__reliability": "perhaps"}, "qos.reliability is 'perhaps', expected one of auto, best_effort, reliable"),
        ({"qos__depth": 0}, "qos.depth out of range"),
        ({"score_threshold": 0.3, "max_instances": 0}, "max_instances is 0"),
    ],
)
def test_a_value_out_of_range_is_rejected_with_the_reason(bench: Bench, values: dict, reason: str):
    node = bench.segmenter()
    result = bench.set(**values)
    assert not result.successful
    assert reason in result.reason
    assert node.get_parameter("score_threshold").value == -1.0  # of several, none took effect


def test_more_instances_than_the_model_gives_are_refused(bench: Bench, colour_cells):
    bench.active(colour_cells)
    assert bench.set(max_instances=4).successful
    assert bench.set(max_instances=5).reason == "max_instances is 5, the model allows at most 4"


def test_t_u_beyond_a_probability_is_refused_where_the_model_bounds_one(bench: Bench, tmp_path):
    """At 1.5 nothing would be unknown, whatever it is."""
    bundle = write_colour_cells(tmp_path / "odds", unknown_by="odds")
    bench.segmenter(model=str(bundle.path), unknown_threshold=1.5)
    assert not bench.change("configure")
    assert bench.set(unknown_threshold=1.0).successful
    assert bench.change("configure")
    assert bench.set(unknown_threshold=1.5).reason == "unknown_threshold is 1.5, the model allows at most 1"
    assert bench.set(unknown_threshold=-1.0).successful


def test_thresholds_change_while_active(bench: Bench, colour_cells):
    heard = bench.listen(InstanceArray, "segmenter/instances")
    publish = bench.camera()
    bench.active(colour_cells)
    bench.matched("segmenter/instances")

    def found(number: int) -> list[str]:
        publish(rgb_message(SCENE, bench.stamped(number)))
        eventually(lambda: heard and heard[-1].header.stamp.sec == number, f"result {number}")
        return [i.class_name for i in heard[-1].instances]

    assert found(1) == ["red", "unknown"]  # the bundle's own: 0.5 and 0.1
    assert bench.set(score_threshold=0.9).successful
    assert found(2) == ["red"]
    infos = bench.listen(LabelInfo, "segmenter/label_info", LATCHED)
    assert infos.wait()[-1].threshold == pytest.approx(0.9)
    assert bench.set(score_threshold=-1.0, unknown_threshold=0.3).successful
    assert found(3) in (["red", "red"], ["red", "blue"])  # the mixture is now near enough to a class
    assert bench.set(unknown_threshold=-1.0, max_instances=1).successful
    assert found(4) == ["red"]
    assert bench.set(max_instances=-1).successful
    assert found(5) == ["red", "unknown"]


def test_what_needs_another_state_says_so(bench: Bench, colour_cells):
    bench.active(colour_cells)
    for values in ({"model": "another"}, {"provider": "cpu"}, {"threads": 2}):
        result = bench.set(**values)
        assert not result.successful
        assert result.reason.endswith("changes only while unconfigured: clean the node up first")
    result = bench.set(qos__reliability="reliable")
    assert (result.successful, result.reason) == (
        False,
        "qos.reliability changes not while active: deactivate the node first",
    )
    assert bench.change("deactivate")
    assert bench.set(qos__reliability="reliable", image_transport="compressed").successful
    assert not bench.set(model="another").successful
    assert bench.change("cleanup")
    assert bench.set(model="another").successful


def test_a_bad_value_at_start_up_is_refused(bench: Bench):
    with pytest.raises(InvalidParameterValueException, match="provider is 'abacus'"):
        bench.segmenter(provider="abacus")
    with pytest.raises(InvalidParameterTypeException, match="score_threshold"):
        bench.segmenter(score_threshold="high")
