"""The segmenter, on a graph whose answers are known: red and green rectangles are known, blue ones unknown."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from colour_model import colour_bundle, colour_graph

from osis_ros.errors import OsisError
from osis_ros.inference.bundle import BundleError, load_bundle
from osis_ros.inference.image_file import read_image
from osis_ros.inference.provider import PROVIDERS, ProviderError, engine_cache, with_fallback
from osis_ros.inference.segmenter import Segmenter, ThresholdError

PHOTOGRAPH = Path(__file__).parents[2] / "docs" / "photographs" / "coffee.jpg"
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


@pytest.fixture(scope="module")
def segmenter(tmp_path_factory) -> Segmenter:
    return Segmenter(colour_bundle(tmp_path_factory.mktemp("bundle") / "colour"))


def picture(height: int, width: int, *things: tuple[int, int, int, int, tuple[int, int, int]]) -> np.ndarray:
    image = np.full((height, width, 3), 60, np.uint8)
    for x, y, w, h, colour in things:
        image[y : y + h, x : x + w] = colour
    return image


def test_two_rectangles_become_one_known_and_one_unknown_instance(segmenter):
    found = segmenter.segment(picture(96, 128, (30, 10, 20, 10, RED), (60, 50, 40, 40, BLUE)))
    assert [found.class_name(i) for i in range(len(found))] == ["red", "unknown"]
    assert found.boxes.tolist() == [[30, 10, 50, 20], [60, 50, 100, 90]]
    assert found.rois.tolist() == [[30, 10, 20, 10], [60, 50, 40, 40]]
    assert [int(mask.sum()) for mask in found.masks] == [200, 1600]
    np.testing.assert_allclose(found.distances, [0.01, 0.5])
    assert (found.height, found.width, found.class_names) == (96, 128, ("red", "green"))


@pytest.mark.parametrize(("height", "width"), [(480, 640), (1080, 1920), (2160, 3840)])
def test_memory_is_bounded_by_the_masks_and_not_by_the_cameras_image(segmenter, height, width):
    """The input of the network, 37 kB, and one mask at a time as float32; 3840x2160 pixels alone would be 25 MB."""
    image = picture(height, width, (width // 4, height // 4, width // 4, height // 4, RED))
    segmenter.segment(image)  # the first call of all loads modules
    tracemalloc.start()
    found = segmenter.segment(image)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found) == 1
    assert most < 6 * found.masks[0].nbytes + 200_000


def test_the_best_score_comes_first(segmenter):
    image = picture(96, 128, (10, 10, 20, 20, RED), (60, 40, 30, 30, GREEN))
    image[10:15, 10:20] = 60  # red fills 350 of its 400 pixels
    found = segmenter.segment(image)
    assert [found.class_name(i) for i in range(2)] == ["green", "red"]
    np.testing.assert_allclose(found.scores, [1, 0.875])


def test_thresholds_and_the_limit_act_on_each_call(segmenter):
    image = picture(96, 128, (10, 10, 20, 20, RED), (60, 40, 30, 30, BLUE))
    image[10:15, 10:20] = 60
    assert len(segmenter.segment(image)) == 2
    assert len(segmenter.segment(image, score_threshold=0.9)) == 1
    assert len(segmenter.segment(image, max_instances=1)) == 1
    assert segmenter.segment(image, unknown_threshold=0.6).class_ids.tolist() == [0, 0]


def test_with_max_overlap_the_best_of_what_the_shipped_model_sees_in_one_place_stays():
    """Below the usual scores it sees a cup as several things at once."""
    segmenter = Segmenter("tabletop", warm_up=False)
    image = read_image(PHOTOGRAPH)
    everything = segmenter.segment(image, score_threshold=0.05)
    some = segmenter.segment(image, score_threshold=0.05, max_overlap=0.5)
    assert 0 < len(some) < len(everything)
    assert some.scores[0] == everything.scores[0]
    assert set(some.scores.tolist()) <= set(everything.scores.tolist())
    full = [some.full_mask(i) for i in range(len(some))]
    assert all((a & b).sum() <= 0.5 * (a | b).sum() for a, b in combinations(full, 2))
    assert len(segmenter.segment(image, score_threshold=0.05, max_overlap=0.5, max_instances=2)) == 2


def test_a_max_overlap_out_of_range_is_refused(segmenter):
    with pytest.raises(ValueError, match=r"max_overlap is 1.5, expected 0..1"):
        segmenter.segment(picture(96, 128), max_overlap=1.5)


def test_an_empty_scene_gives_no_instances(segmenter):
    found = segmenter.segment(picture(96, 128))
    assert len(found) == 0
    assert found.embeddings.shape == (0, 3)


@pytest.mark.parametrize("size", [(479, 641), (3000, 4000), (48, 64), (97, 127), (640, 480)])
def test_masks_come_back_where_the_things_are_in_images_of_any_size(segmenter, size):
    height, width = size
    x, y, w, h = width // 4, height // 4, width // 3, height // 3
    found = segmenter.segment(picture(height, width, (x, y, w, h, RED)))
    truth = np.zeros(size, bool)
    truth[y : y + h, x : x + w] = True
    mask = found.full_mask(0)
    assert (mask & truth).sum() / (mask | truth).sum() > 0.9
    pixel = max(1, height / 96, width / 128)  # one of the network's
    np.testing.assert_allclose(found.boxes[0], [x, y, x + w, y + h], atol=1.5 * pixel)


def test_one_pixel_is_an_image(segmenter):
    found = segmenter.segment(np.array([[RED]], np.uint8))
    assert found.boxes.tolist() == [[0, 0, 1, 1]]
    assert found.full_mask(0).tolist() == [[True]]


@pytest.mark.parametrize("size", [(1, 8000), (8000, 1)])
def test_a_line_of_pixels_is_an_image(segmenter, size):
    found = segmenter.segment(np.full((*size, 3), RED, np.uint8))
    assert found.full_mask(0).mean() > 0.95


@pytest.mark.parametrize(
    ("image", "form"),
    [
        (np.zeros((5, 5), np.uint8), r"uint8 \[5, 5\]"),
        (np.zeros((5, 5, 4), np.uint8), r"uint8 \[5, 5, 4\]"),
        (np.zeros((5, 5, 3), np.float32), r"float32 \[5, 5, 3\]"),
        (np.zeros((0, 5, 3), np.uint8), r"uint8 \[0, 5, 3\]"),
        ([[1]], "list"),
    ],
)
def test_what_is_no_rgb_image_is_refused(segmenter, image, form):
    with pytest.raises(ValueError, match=rf"image is {form}, expected uint8 \[H, W, 3\] RGB"):
        segmenter.segment(image)


def test_thresholds_out_of_range_are_refused(segmenter):
    image = picture(96, 128)
    with pytest.raises(ValueError, match=r"score_threshold is 1.1, expected 0..1"):
        segmenter.segment(image, score_threshold=1.1)
    with pytest.raises(ValueError, match=r"unknown_threshold is nan, expected 0..2"):
        segmenter.segment(image, unknown_threshold=float("nan"))
    with pytest.raises(ValueError, match=r"max_instances is 0, expected 1.."):
        segmenter.segment(image, max_instances=0)


def test_the_padding_below_a_wide_image_is_no_instance(tmp_path):
    segmenter = Segmenter(colour_bundle(tmp_path / "colour", padding=list(BLUE)))
    found = segmenter.segment(picture(50, 128, (10, 10, 20, 20, RED)))  # 46 rows of blue padding
    assert [found.class_name(i) for i in range(len(found))] == ["red"]


def test_padded_outputs_are_cut_to_their_count(tmp_path):
    segmenter = Segmenter(colour_bundle(tmp_path / "padded", padded=True))
    found = segmenter.segment(picture(96, 128, (30, 10, 20, 10, RED), (60, 50, 40, 40, BLUE)))
    assert found.boxes.tolist() == [[30, 10, 50, 20], [60, 50, 100, 90]]


def test_threads_share_a_segmenter_without_mixing_their_images(segmenter):
    images = [picture(96, 128, (i, 10, 10, 10, RED)) for i in range(1, 100)]
    with ThreadPoolExecutor(4) as pool:
        lefts = [found.boxes[0, 0] for found in pool.map(segmenter.segment, images)]
    assert lefts == list(range(1, 100))


def test_a_provider_that_is_not_there_is_named_with_those_that_are(segmenter):
    available = onnxruntime.get_available_providers()
    for provider, long in (("cuda", "CUDAExecutionProvider"), ("tensorrt", "TensorrtExecutionProvider")):
        if long not in available:
            with pytest.raises(
                ProviderError, match=rf"provider '{provider}' is not in this onnxruntime .*\(it has cpu"
            ):
                Segmenter(segmenter.bundle, provider)
    with pytest.raises(ProviderError, match="provider is 'gpu', expected one of cpu, cuda, tensorrt, auto"):
        Segmenter(segmenter.bundle, "gpu")


def test_auto_runs_on_what_there_is(segmenter):
    assert Segmenter(segmenter.bundle, "auto").provider in ("cpu", "cuda")


def test_auto_takes_the_cpu_where_cuda_starts_but_does_not_run(segmenter, monkeypatch, caplog):
    """CUDA is the CPU here, and its first run fails as on a device that is out of memory."""
    from osis_ros.inference import segmenter as module

    run = Segmenter._run

    def out_of_memory(self, *args):
        if self.provider == "cuda":
            raise RuntimeError("CUDA failure 2: out of memory")
        return run(self, *args)

    monkeypatch.setattr(module, "candidates", lambda _: ("cuda", "cpu"))
    open_session = module.open_session
    monkeypatch.setattr(module, "open_session", lambda bundle, _, *rest: open_session(bundle, "cpu", *rest))
    monkeypatch.setattr(Segmenter, "_run", out_of_memory)
    assert Segmenter(segmenter.bundle, "auto").provider == "cpu"
    assert "running on cpu: model.onnx does not run on cuda: CUDA failure 2: out of memory" in caplog.text
    monkeypatch.setattr(module, "candidates", lambda _: ("cuda",))
    with pytest.raises(BundleError, match="does not run on cuda"):
        Segmenter(segmenter.bundle, "cuda")


def test_t_u_beyond_a_probability_is_refused_where_a_probability_is_bounded(tmp_path):
    """At 1.5 nothing would be unknown, whatever it is."""
    segmenter = Segmenter(colour_bundle(tmp_path / "odds", unknown_by="odds"), warm_up=False)
    with pytest.raises(ThresholdError, match=r"unknown_threshold is 1.5, expected 0..1: .* bounds a probability"):
        segmenter.segment(picture(96, 128), unknown_threshold=1.5)
    assert len(segmenter.segment(picture(96, 128, (8, 8, 40, 40, RED)), unknown_threshold=1.0)) == 1


@pytest.mark.parametrize("fits", [False, True])
def test_tensorrt_computes_in_float16_only_where_the_bundle_says_that_its_numbers_fit(tmp_path, fits):
    bundle = colour_bundle(tmp_path / "model", float16=fits)
    (_, options), *_ = with_fallback(bundle, "tensorrt", tmp_path)
    assert options["trt_fp16_enable"] is fits
    assert ("-fp16-" if fits else "-fp32-") in engine_cache(bundle, tmp_path).name


def test_an_engine_is_cached_for_one_graph_only(tmp_path):
    one, other = colour_bundle(tmp_path / "one"), colour_bundle(tmp_path / "other", height=64)
    assert engine_cache(one, tmp_path).parent == tmp_path
    assert engine_cache(one, tmp_path) != engine_cache(other, tmp_path)
    assert one.manifest.sha256[:16] in engine_cache(one, tmp_path).name


def with_graph(folder: Path, graph: onnx.ModelProto | bytes, **changes: object) -> Path:
    """A bundle whose manifest fits model.onnx by its hash, whatever that file holds."""
    import hashlib

    import yaml

    bundle = colour_bundle(folder, **changes)
    data = graph if isinstance(graph, bytes) else graph.SerializeToString()
    bundle.model_file.write_bytes(data)
    fields = yaml.safe_load((folder / "model.yaml").read_text())
    fields["sha256"] = hashlib.sha256(data).hexdigest()
    (folder / "model.yaml").write_text(yaml.safe_dump(fields))
    return folder


def test_a_graph_that_is_none_is_one_sentence(tmp_path):
    folder = with_graph(tmp_path / "bad", b"not a graph")
    with pytest.raises(BundleError, match=r"model.onnx does not load on cpu: .+") as error:
        Segmenter(load_bundle(folder))
    assert "\n" not in str(error.value)


def test_a_graph_of_another_input_size_is_refused(tmp_path):
    folder = with_graph(tmp_path / "small", colour_graph(64, 64))
    with pytest.raises(BundleError, match=r"tensor\(uint8\) \[64, 64, 3\], model.yaml expects .*\[96, 128, 3\]"):
        Segmenter(folder)


def test_a_graph_without_one_of_the_outputs_is_refused(tmp_path):
    graph = colour_graph(96, 128)
    del graph.graph.output[0]
    folder = with_graph(tmp_path / "boxless", graph)
    with pytest.raises(BundleError, match=r"model.onnx has no output 'boxes', expected boxes, scores"):
        Segmenter(folder)


def test_a_graph_that_fails_when_it_runs_is_refused(tmp_path):
    graph = colour_graph(96, 128, padded=True)
    graph.graph.initializer.append(onnx.numpy_helper.from_array(np.int64(99), "far_away"))
    boxes = next(node for node in graph.graph.node if list(node.output) == ["boxes"])
    boxes.input[1] = "past"  # a row that there is not
    graph.graph.node.insert(
        list(graph.graph.node).index(boxes), onnx.helper.make_node("Add", ["order", "far_away"], ["past"])
    )
    folder = with_graph(tmp_path / "astray", graph)
    with pytest.raises(BundleError, match=r"model.onnx does not run on cpu: .+astray") as error:
        Segmenter(folder)
    assert "\n" not in str(error.value)


def test_a_fault_of_the_program_is_not_said_to_be_the_graphs(segmenter, monkeypatch):
    def broken(*_: object) -> None:
        raise ValueError("operands could not be broadcast")

    monkeypatch.setattr("osis_ros.inference.segmenter.paste_masks", broken)
    with pytest.raises(ValueError, match="operands") as error:
        Segmenter(segmenter.bundle)
    assert not isinstance(error.value, OsisError)


def test_an_engine_folder_that_cannot_be_made_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(PROVIDERS, "tensorrt", "CPUExecutionProvider")  # no GPU is needed to get this far
    (tmp_path / "file").touch()
    with pytest.raises(ProviderError, match=r"engine cannot be kept in .*file.*: Not a directory"):
        Segmenter(colour_bundle(tmp_path / "colour"), "tensorrt", cache=tmp_path / "file")
