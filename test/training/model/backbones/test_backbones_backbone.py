"""Backbones against torchvision's, their pretrained weights, and files that cannot be used."""

import pickle

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.models import mobilenet_v2, resnet18

from osis_ros.training.model.backbones.backbone import build_backbone, load_backbone_weights
from osis_ros.training.model.backbones.resnet_names import detectron2_name, from_caffe2, torchvision_name
from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.semseg.semseg import SemSeg
from osis_ros.training.model.weights_file import WeightsError, read_tensors


def small(backbone: str) -> SemSeg:
    return SemSeg(
        ModelConfig(class_names=("mug",), backbone=backbone, channels=8, roi={"hidden": 8}, mask={"channels": 8})
    )


def pad_like_tensorflow(module: nn.Module) -> None:
    for name, child in module.named_children():
        if isinstance(child, nn.Conv2d) and child.stride == (2, 2):
            child.padding = (0, 0)
            setattr(module, name, nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), child))
        else:
            pad_like_tensorflow(child)


def maps_of(features: nn.Sequential, image: torch.Tensor, blocks: tuple[int, ...]) -> list[torch.Tensor]:
    maps = []
    for i, block in enumerate(features):
        image = block(image)
        if i in blocks:
            maps.append(image)
    return maps


@pytest.mark.parametrize("name", ["resnet50", "resnet18", "mobilenet_v2"])
def test_maps_have_strides_4_to_32_and_the_channels_they_say(name):
    backbone = build_backbone(name).eval()
    with torch.no_grad():
        maps = backbone(torch.zeros(1, 3, 64, 96))
    assert [tuple(m.shape[1:]) for m in maps] == [
        (c, 64 // s, 96 // s) for c, s in zip(backbone.channels, (4, 8, 16, 32))
    ]


def test_mobilenet_with_folded_batch_norm_equals_torchvisions(tmp_path):
    torch.manual_seed(0)
    theirs = mobilenet_v2(num_classes=3).eval()
    for module in theirs.modules():
        if isinstance(module, nn.BatchNorm2d):  # so that forgetting any of the four would show
            nn.init.uniform_(module.weight, 0.8, 1.2)
            nn.init.uniform_(module.bias, -0.2, 0.2)
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    torch.save(theirs.state_dict(), tmp_path / "weights.pth")
    model = small("mobilenet_v2")
    load_backbone_weights(model, tmp_path / "weights.pth")
    pad_like_tensorflow(theirs)
    image = torch.rand(1, 3, 64, 96) * 2 - 1
    with torch.no_grad():
        expected = maps_of(theirs.features, image, (3, 6, 13, 17))
        for ours, wanted in zip(model.backbone(image), expected, strict=True):
            assert (ours - wanted).abs().max() < 1e-4 * max(1, wanted.abs().max())


def test_the_imagenet_mobilenet_keeps_its_accuracy(real_data):
    file = real_data / "weights" / "mobilenet_v2_imagenet.pth"
    theirs = mobilenet_v2(num_classes=1001)
    theirs.load_state_dict(torch.load(file, weights_only=True))
    pad_like_tensorflow(theirs.eval())
    model = small("mobilenet_v2")
    load_backbone_weights(model, file)
    torch.manual_seed(0)
    image = torch.rand(1, 3, 96, 128) * 2 - 1
    with torch.no_grad():
        expected = maps_of(theirs.features, image, (3, 6, 13, 17))
        for ours, wanted in zip(model.backbone(image), expected, strict=True):
            assert (ours - wanted).abs().max() < 1e-4


def test_resnet18_equals_torchvisions(tmp_path):
    torch.manual_seed(0)
    theirs = resnet18().eval()
    torch.save({"state_dict": theirs.state_dict()}, tmp_path / "weights.pth")
    model = small("resnet18")
    load_backbone_weights(model, tmp_path / "weights.pth")
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        x = theirs.maxpool(theirs.relu(theirs.bn1(theirs.conv1(image))))
        for layer, ours in zip((theirs.layer1, theirs.layer2, theirs.layer3, theirs.layer4), model.backbone(image)):
            x = layer(x)
            assert torch.allclose(ours, x, atol=1e-4)


def test_resnet50_halves_in_the_first_convolution_of_a_stage():
    for stage in build_backbone("resnet50").stages[2:]:
        assert (stage[0].conv1.stride, stage[0].conv2.stride) == ((2, 2), (1, 1))


def test_a_caffe2_resnet_is_read_and_its_affine_norm_kept_exactly(tmp_path):
    rng = np.random.default_rng(0)
    own = build_backbone("resnet50").stages.state_dict()
    caffe = {"norm.weight": "bn_s", "norm.bias": "bn_b", "weight": "w"}
    branch = {"shortcut": "branch1", "conv1": "branch2a", "conv2": "branch2b", "conv3": "branch2c"}
    blobs = {}
    for name, tensor in own.items():
        official = detectron2_name(name)
        leaf = next((leaf for leaf in caffe if official.endswith(f".{leaf}")), None)
        if leaf is None:
            continue  # running statistics are not in such files
        head = official.removesuffix(f".{leaf}").split(".")
        if head[0] == "stem":
            blob = "conv1_w" if leaf == "weight" else f"res_conv1_{caffe[leaf]}"
        else:
            blob = f"{head[0]}_{head[1]}_{branch[head[2]]}_{caffe[leaf]}"
        assert from_caffe2(blob) == official
        blobs[blob] = rng.standard_normal(tensor.shape).astype(np.float32)
    blobs["fc1000_w"] = np.zeros((10, 2048), np.float32)
    with (tmp_path / "R-50.pkl").open("wb") as file:
        pickle.dump({"blobs": blobs}, file, protocol=2)
    model = small("resnet50")
    load_backbone_weights(model, tmp_path / "R-50.pkl")
    stages = model.backbone.stages
    assert torch.equal(stages[2][0].conv1.weight, torch.from_numpy(blobs["res3_0_branch2a_w"]))
    norm, weight = stages[0][1], torch.from_numpy(blobs["res_conv1_bn_s"])
    x = torch.ones(1, 64, 1, 1)
    expected = weight + torch.from_numpy(blobs["res_conv1_bn_b"])
    assert torch.allclose(norm(x)[0, :, 0, 0], expected, rtol=1e-6, atol=1e-6)


def test_frozen_stages_get_no_gradient_and_the_others_do():
    backbone = build_backbone("mobilenet_v2", frozen_stages=2)
    sum(m.sum() for m in backbone(torch.rand(1, 3, 64, 64))).backward()
    has_gradient = [any(p.grad is not None for p in stage.parameters()) for stage in backbone.stages]
    assert has_gradient == [False, False, True, True, True]


def test_torchvision_names_are_ours_by_stage():
    assert torchvision_name("0.1.bias") == "bn1.bias"
    assert torchvision_name("3.0.downsample.1.running_var") == "layer3.0.downsample.1.running_var"
    assert detectron2_name("3.0.downsample.1.running_var") == "res4.0.shortcut.norm.running_var"
    assert detectron2_name("1.2.bn3.weight") == "res2.2.conv3.norm.weight"


def test_a_pickle_of_an_older_numpy_or_python_is_read(tmp_path):
    written = pickle.dumps({"blobs": {"conv1_w": np.arange(6, dtype=np.float32).reshape(2, 3)}}, protocol=2)
    old = written.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    assert old != written
    (tmp_path / "old.pkl").write_bytes(old)
    assert read_tensors(tmp_path / "old.pkl")["conv1_w"].tolist() == [[0, 1, 2], [3, 4, 5]]


class Bomb:
    def __reduce__(self):
        return (print, ("this file ran code",))


@pytest.mark.parametrize("suffix", [".pkl", ".pth"])
def test_a_file_that_carries_code_is_refused_and_nothing_runs(tmp_path, capsys, suffix):
    path = tmp_path / f"bomb{suffix}"
    if suffix == ".pkl":
        path.write_bytes(pickle.dumps({"model": Bomb()}))
    else:
        torch.save({"model": Bomb()}, path)
    with pytest.raises(WeightsError, match="bomb"):
        read_tensors(path)
    assert "ran code" not in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"not weights at all", b"PK\x03\x04 truncated"])
def test_a_damaged_file_is_one_sentence(tmp_path, content):
    path = tmp_path / "damaged.pth"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"damaged\.pth: cannot be read") as caught:
        read_tensors(path)
    assert "\n" not in str(caught.value)
    assert "weights_only" not in str(caught.value).lower().replace(" ", "_")  # PyTorch's advice is not ours


def test_missing_and_misshapen_tensors_are_named(tmp_path):
    state = resnet18().state_dict()
    short = {name: tensor for name, tensor in state.items() if name != "layer3.1.bn2.bias"}
    torch.save(short, tmp_path / "short.pth")
    with pytest.raises(WeightsError, match=r"missing layer3\.1\.bn2\.bias"):
        load_backbone_weights(small("resnet18"), tmp_path / "short.pth")
    torch.save({**state, "conv1.weight": torch.zeros(64, 3, 3, 3)}, tmp_path / "wrong.pth")
    with pytest.raises(WeightsError, match=r"conv1\.weight is \[64, 3, 3, 3\], expected \[64, 3, 7, 7\]"):
        load_backbone_weights(small("resnet18"), tmp_path / "wrong.pth")
    with pytest.raises(WeightsError, match="no such file"):
        load_backbone_weights(small("resnet18"), tmp_path / "absent.pth")


def test_another_networks_weights_are_refused(tmp_path):
    torch.save(resnet18().state_dict(), tmp_path / "r18.pth")
    with pytest.raises(WeightsError, match="missing"):
        load_backbone_weights(small("mobilenet_v2"), tmp_path / "r18.pth")
    torch.save({"layer1.0.conv1.weight": torch.zeros(1)}, tmp_path / "r50.pth")
    with pytest.raises(WeightsError, match="torchvision's ResNet-50"):
        load_backbone_weights(small("resnet50"), tmp_path / "r50.pth")
