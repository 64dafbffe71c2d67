"""For `pip install .`: the Python part alone. In a colcon workspace CMakeLists.txt installs it instead.

Version, description and licence are those of package.xml.
"""

from glob import glob
from pathlib import Path
from xml.etree import ElementTree

from setuptools import find_packages, setup

HERE = Path(__file__).parent
MANIFEST = ElementTree.parse(HERE / "package.xml").getroot()

TRAIN = [
    "torch>=2.6,<3", "torchvision>=0.21,<1", "lightning>=2.6,<3", "tensorboard>=2.15,<3", "onnx>=1.16,<2",
    "onnxscript>=0.3", "pillow>=9.4,<13", "safetensors>=0.4,<1",
]  # fmt: skip
SIM = ["mujoco>=3.2,<5", "rich>=13,<16"]
OBJECTS = ["scipy>=1.11,<2"]
REPLAY = [
    *OBJECTS,
    "rosbags>=0.10,<1", "rosbags-image>=0.10", "mcap>=1.1,<2", "faster-coco-eval>=1.6,<2", "jinja2>=3.1,<4",
    "rich>=13,<16", "zstandard>=0.20,<1",
]  # fmt: skip
DISCOVER = [*REPLAY, "scikit-learn>=1.3,<2", "threadpoolctl>=3,<4", "safetensors>=0.4,<1"]
FIGURES = [*DISCOVER, "matplotlib>=3.8,<4"]
CORE = ["numpy>=1.26,<3", "opencv-python-headless>=4.8,<6", "pydantic>=2.7,<3", "pyyaml>=6,<7", "typer>=0.16,<1"]

setup(
    name="osis_ros",
    version=MANIFEST.findtext("version"),
    description=MANIFEST.findtext("description"),
    long_description=(HERE / "README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    author=MANIFEST.findtext("maintainer"),
    license=MANIFEST.findtext("license"),
    license_files=["LICENSE"],
    keywords=["ROS", "segmentation", "open set", "robotics"],
    packages=find_packages(include=["osis_ros", "osis_ros.*"]),
    package_data={
        "osis_ros.training": ["configs/*.yaml", "configs/studies/*.yaml"],
        "osis_ros.training.study": ["*.jinja"],
        "osis_ros.evaluation.reports": ["*.jinja"],
        "osis_ros.discovery": ["*.jinja"],
        "osis_ros.teaching": ["*.npz"],
    },
    data_files=[  # the models that come with the package, found by name, and what bags need to know of the messages
        *((f"share/osis_ros/{folder}", glob(f"{folder}/*.*")) for folder in glob("models/*")),
        ("share/osis_ros/msg", glob("msg/*.msg")),
    ],
    python_requires=">=3.10",
    install_requires=[*CORE, "onnxruntime>=1.18,<2"],
    extras_require={
        "objects": OBJECTS,
        "sim": SIM,
        "replay": REPLAY,
        "discover": DISCOVER,
        "figures": FIGURES,
        "ray": ["ray>=2.40,<3"],
        "train": [*TRAIN, *SIM, *FIGURES],
        "dev": ["pytest>=9", "pytest-xdist>=3.8,<4", "ruff>=0.8,<1", "pre-commit>=3", "hypothesis>=6,<7"],
    },
    entry_points={"console_scripts": ["osis = osis_ros.__main__:main"]},
)
