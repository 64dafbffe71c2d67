"""What every subcommand of `osis` says when it fails."""

import typer
from typer.core import TyperGroup

EXTRAS = {
    "mujoco": "sim", "faster_coco_eval": "replay", "rosbags": "replay", "matplotlib": "figures", "sklearn": "figures",
    **dict.fromkeys(("torch", "torchvision", "lightning", "tensorboard", "onnx", "onnxscript", "safetensors"), "train"),
}  # fmt: skip


def fail(message: object) -> typer.Exit:
    """Print one sentence on stderr; `raise fail(...)` ends the command with exit status 1."""
    typer.secho(f"osis: {message}", fg=typer.colors.RED, err=True)
    return typer.Exit(1)


class Commands(TyperGroup):
    """Subcommands that import what they need when they run: what of it is not installed is one sentence."""

    def invoke(self, ctx: typer.Context) -> object:
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as err:
            module = (err.name or "").partition(".")[0]
            if module not in EXTRAS:
                raise
            raise fail(
                f"{ctx.invoked_subcommand} needs {module}: in the repository, pip install '.[{EXTRAS[module]}]'"
            ) from None
