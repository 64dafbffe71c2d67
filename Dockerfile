# syntax=docker/dockerfile:1
# Images of the node: `docker build --target cpu -t osis_ros .`, or `--target gpu`. How to run them: docs/docker.md

FROM ros:jazzy AS base
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /opt/osis

# The ROS packages that package.xml names. RViz belongs to the desk, not to the robot; what Ubuntu packages too old comes
# by pip, into a virtual environment that also sees ROS.
COPY package.xml src/osis_ros/
# hadolint ignore=DL3008
RUN apt-get update \
    && rosdep update --rosdistro jazzy \
    && rosdep install --from-paths src --ignore-src -y -t buildtool -t build -t exec \
        --skip-keys "rviz2 python3-onnxruntime-pip python3-pydantic python3-typer" \
    && apt-get install -y --no-install-recommends python3-venv \
    && rm -rf /var/lib/apt/lists/*
# NumPy 2 would not fit the cv_bridge of Jazzy.
RUN python3 -m venv --system-site-packages venv \
    && venv/bin/pip install --no-cache-dir "numpy<2" "pydantic>=2.7,<3" "typer>=0.16,<1"

FROM base AS build
COPY . src/osis_ros
RUN source /opt/ros/jazzy/setup.bash \
    && colcon build --merge-install --cmake-args -DBUILD_TESTING=OFF -DCMAKE_BUILD_TYPE=Release

FROM base AS robot
COPY --from=build /opt/osis/install install
COPY docker/entrypoint /usr/local/bin/osis-entrypoint
ENV PATH="/opt/osis/venv/bin:/opt/osis/install/lib/osis_ros:$PATH" \
    ORT_DISABLE_TELEMETRY=1
ENTRYPOINT ["osis-entrypoint"]
CMD ["ros2", "launch", "osis_ros", "segmenter.launch.py"]

FROM robot AS gpu
# The wheels bring CUDA and cuDNN, the host the driver (NVIDIA Container Toolkit).
RUN venv/bin/pip install --no-cache-dir "numpy<2" "onnxruntime-gpu[cuda,cudnn]>=1.21,<2" \
    && find "$PWD/venv" -type d -path '*/nvidia/*/lib' >/etc/ld.so.conf.d/nvidia-wheels.conf \
    && ldconfig \
    && venv/bin/python -c "import onnxruntime as o; assert 'CUDAExecutionProvider' in o.get_available_providers()"
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 1000
WORKDIR /home/ubuntu

FROM robot AS cpu
RUN venv/bin/pip install --no-cache-dir "numpy<2" "onnxruntime>=1.18,<2"
USER 1000
WORKDIR /home/ubuntu
