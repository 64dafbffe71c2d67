"""How a command of `osis` ends early: one sentence on stderr for what a user can mend, a traceback for the rest."""

import errno

import typer
from typer.core import TyperGroup

from osis_ros.errors import OsisError

# top-level module -> the extra of setup.py that installs it
EXTRAS = {
    "mujoco": "sim", "faster_coco_eval": "replay", "rosbags": "replay", "mcap": "replay", "zstandard": "replay",
    "jinja2": "replay", "scipy": "objects", "matplotlib": "figures", "sklearn": "discover", "threadpoolctl": "discover",
    "safetensors": "discover",
    **dict.fromkeys(("torch", "torchvision", "lightning", "tensorboard", "onnx", "onnxscript"), "train"),
}  # fmt: skip
ROS = ("rclpy", "ament_index_python", "lifecycle_msgs", "sensor_msgs", "std_msgs", "osis_ros.msg", "osis_ros.srv")

# command -> what its user can do after Ctrl-C
AFTER_INTERRUPT = {
    **dict.fromkeys(("scenes", "detect", "graspnet"), "the same command resumes where it was"),
    "train": "the same command resumes from the last checkpoint",
    **dict.fromkeys(("evaluate", "goss"), "with --save-detections the same command resumes where it was"),
    "replay": "nothing was written",
}
# options as they were called at first -> as they are called now, like the nodes' parameters
FORMER_NAMES = {"--score": "--score-threshold", "--unknown": "--unknown-threshold"}
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # errors of writing that rarely name their file


def fail(message: object, status: int = 1) -> typer.Exit:
    """Print one sentence on stderr; `raise fail(...)` ends the command with the exit status."""
    typer.secho(f"osis: {message}", fg=typer.colors.RED, err=True)
    return typer.Exit(status)


class Commands(TyperGroup):
    """Subcommands that import what they need when they run. The one place where their errors become sentences.

    Exit status 1 after an `OsisError`, a library that is not installed, or a file that cannot be read or written;
    130 after Ctrl-C. Any other exception is a fault of the program and keeps its traceback.
    """

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> tuple:
        name, command, rest = super().resolve_command(ctx, args)
        return name, command, [_present_name(word, command) for word in rest]

    def invoke(self, ctx: typer.Context) -> object:
        try:
            return super().invoke(ctx)
        except OsisError as err:
            raise fail(err) from None
        except ModuleNotFoundError as err:
            remedy = _remedy(err.name or "")
            if remedy is None:
                raise
            raise fail(f"{ctx.invoked_subcommand} needs {remedy}") from None
        except OSError as err:
            if err.filename is None and err.errno not in DISK_FULL:
                raise
            place = "" if err.filename is None else f"{err.filename}: "
            raise fail(f"{place}{err.strerror}") from None
        except KeyboardInterrupt:
            advice = AFTER_INTERRUPT.get(ctx.invoked_subcommand)
            raise fail(f"{ctx.invoked_subcommand} was stopped" + (f"; {advice}" if advice else ""), 130) from None


class CommandsWithDefault(Commands):
    """Subcommands of which one runs where none is named: `osis discover BAG` is `osis discover recordings BAG`."""

    DEFAULT = "recordings"

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:
        named = args and args[0] not in self.commands and args[0] not in ctx.help_option_names
        return super().parse_args(ctx, [self.DEFAULT, *args] if named else args)


def _present_name(word: str, command: object) -> str:
    """The word, with the present name of an option that it calls by its former one."""
    option, equals, value = word.partition("=")
    names = {name for parameter in command.params for name in parameter.opts}
    present = FORMER_NAMES.get(option)
    return present + equals + value if present in names and option not in names else word


def _remedy(module: str) -> str | None:
    """What to install or source for a module that is not found; None where it should have been there."""
    top = module.partition(".")[0]
    if top in EXTRAS:
        return f"{top}: in the repository, pip install '.[{EXTRAS[top]}]'"
    if module in ROS or top in ROS:
        return f"{module}, a part of ROS 2 or of this package's messages: source scripts/env.sh, or run make demo"
    return None
