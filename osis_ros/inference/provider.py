"""The execution provider (hardware) on which ONNX Runtime runs a bundle: choice, options and error messages."""

import logging
import os
import time
from importlib import metadata
from pathlib import Path

import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state

from osis_ros.inference.bundle import Bundle
from osis_ros.inference.cores import usable_cores
from osis_ros.inference.manifest import BundleError

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
# What ONNX Runtime raises when a session is made or runs; its own kinds have no common class but Exception.
ORT_ERRORS = (
    RuntimeError,
    *(k for k in vars(onnxruntime_pybind11_state).values() if isinstance(k, type) and issubclass(k, Exception)),
)
SPIN = 100e-6  # s; `benchmarks/beside_others.py` compares it with others
log = logging.getLogger(__name__)


class ProviderError(BundleError):
    """The bundle is valid, but cannot run on the requested execution provider."""


def candidates(provider: str) -> tuple[str, ...]:
    """The providers to try in turn. `auto`: CUDA if this onnxruntime has it, then the CPU; else the one named."""
    if provider != "auto":
        return (provider,)
    return ("cuda", "cpu") if "cuda" in available() else ("cpu",)


def available() -> list[str]:
    """The providers that this onnxruntime was built with. Whether one starts is known only when it does."""
    return [name for name, long in PROVIDERS.items() if long in ort.get_available_providers()]


def missing(provider: str) -> str:
    """Why this onnxruntime cannot run on a provider, and what to do, in one sentence; empty if it can."""
    if provider in available():
        return ""
    lack = f"provider '{provider}' is not in this onnxruntime {ort.__version__} (it has {', '.join(available())})"
    if _version("onnxruntime") and _version("onnxruntime-gpu"):
        return (
            f"{lack}, because onnxruntime and onnxruntime-gpu are both installed and share one folder; uninstall both, "
            "then install onnxruntime-gpu"
        )
    return f"{lack}; install onnxruntime-gpu in place of onnxruntime, or choose one it has"


def _version(package: str) -> str:
    """Of an installed package; empty if it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def has_nvidia_gpu() -> bool:
    """Whether an NVIDIA GPU's driver is loaded, on a desktop or a Jetson."""
    return any(Path("/dev", name).exists() for name in ("nvidiactl", "nvhost-gpu"))


def open_session(
    bundle: Bundle, provider: str, threads: int, cache: Path | None, spin: float = SPIN
) -> ort.InferenceSession:
    """Load model.onnx on a provider.

    Args:
        provider: `cpu`, `cuda` or `tensorrt`, whose engine takes minutes to build the first time.
        threads: CPU threads of one run; 0 for $OMP_NUM_THREADS, or `usable_cores` if that is not set. ONNX Runtime
            always gets a number above 0, because with 0 it pins threads to cores that the process may not use.
        cache: where TensorRT engines are kept; the user's cache folder when None.
        spin: seconds that a thread without work waits for more before it sleeps, 0..1. While it waits, it keeps its
            core from other processes. An onnxruntime from before April 2026 only tells 0 from more than 0.
    Raises:
        ProviderError: an unknown provider, one that this onnxruntime lacks, or one that does not start.
        BundleError: a graph that ONNX Runtime does not accept.
    """
    if provider not in PROVIDERS:
        raise ProviderError(f"provider is '{provider}', expected one of {', '.join((*PROVIDERS, 'auto'))}")
    if reason := missing(provider):
        raise ProviderError(reason)
    cache = engine_cache(bundle, cache) if provider == "tensorrt" else None
    session = _create(bundle, provider, threads, cache, spin)
    running = session.get_providers()[0]
    if running != PROVIDERS[provider]:
        raise ProviderError(
            f"provider '{provider}' did not start and ONNX Runtime fell back to {running}; check the NVIDIA driver and "
            "that the CUDA, cuDNN and TensorRT libraries are those that this onnxruntime-gpu was built for"
        )
    return session


def open_cpu_session(file: Path, threads: int) -> ort.InferenceSession:
    """Load any ONNX file on the CPU.

    Args:
        threads: as in `open_session`.
    Raises:
        one of ORT_ERRORS.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or _omp_num_threads() or usable_cores()
    options.log_severity_level = 3
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return ort.InferenceSession(file, options, providers=[PROVIDERS["cpu"]])


def engine_cache(bundle: Bundle, root: Path | None) -> Path:
    """Where a bundle's TensorRT engines lie: a folder for each model, precision and release, so that an engine is never
    used for another graph or by another release. ONNX Runtime adds the kind of GPU to the file name. The release of
    TensorRT is known only where it was installed by pip."""
    base = root or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "osis_ros" / "tensorrt"
    precision = "fp16" if bundle.manifest.float16 else "fp32"
    tensorrt = next(filter(None, map(_version, ("tensorrt", "tensorrt-cu12", "tensorrt-cu13"))), "")
    return base / f"{bundle.manifest.sha256[:16]}-{precision}-ort{ort.__version__}{tensorrt and f'-trt{tensorrt}'}"


def _omp_num_threads() -> int:
    """What $OMP_NUM_THREADS limits every other numeric library to; 0 where it is not set to a number."""
    number = os.environ.get("OMP_NUM_THREADS", "")
    return int(number) if number.isdecimal() else 0


def _create(bundle: Bundle, provider: str, threads: int, cache: Path | None, spin: float) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = threads or _omp_num_threads() or usable_cores()
    options.log_severity_level = 3  # its warnings speak of kernels, ours of what to do
    # between frames a robot's cores belong to others: worker threads spin only while a run lasts
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.add_session_config_entry("session.intra_op.allow_spinning", "1" if spin else "0")
    options.add_session_config_entry("session.intra_op.spin_duration_us", str(round(spin * 1e6)))
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    started = time.monotonic()
    if cache is not None:
        try:
            cache.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            raise ProviderError(f"the TensorRT engine cannot be kept in {cache}: {err.strerror}") from None
        if not any(cache.glob("*.engine")):
            log.warning("building the TensorRT engine of '%s', which takes minutes, into %s", bundle.name, cache)
    try:
        session = ort.InferenceSession(bundle.model_file, options, providers=with_fallback(bundle, provider, cache))
    except (*ORT_ERRORS, ValueError) as err:  # a ValueError for options that this build does not know
        reason = str(err).strip().splitlines()[0][:300]
        raise BundleError(f"model.onnx does not load on {provider}: {reason} ({bundle.path})") from None
    session.disable_fallback()
    log.info("'%s' loaded on %s in %.1f s", bundle.name, provider, time.monotonic() - started)
    return session


def with_fallback(bundle: Bundle, provider: str, cache: Path | None) -> list:
    """The provider first, then those that take the operators it lacks.

    TensorRT computes in float16 only if the bundle says that its numbers fit. A number outside the range of float16
    would not raise an error but change the objects that are found.
    """
    if provider == "cpu":
        return [PROVIDERS["cpu"]]
    cuda = (PROVIDERS["cuda"], {"cudnn_conv_algo_search": "HEURISTIC"})
    if provider == "cuda":
        return [cuda, PROVIDERS["cpu"]]
    engine = {
        "trt_engine_cache_enable": True,
        "trt_engine_cache_path": str(cache),
        "trt_timing_cache_enable": True,
        "trt_timing_cache_path": str(cache),
        "trt_fp16_enable": bundle.manifest.float16,
    }
    return [(PROVIDERS["tensorrt"], engine), cuda, PROVIDERS["cpu"]]
