"""The `osis` command: one subcommand a job. Each is thin and imports what it needs when it runs,
so that `osis segment` starts without PyTorch, MuJoCo or ROS installed."""

import typer

app = typer.Typer(
    name="osis", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Open-set instance segmentation: make scenes, train, export, segment, evaluate.",
)  # fmt: skip


def fail(message: object) -> typer.Exit:
    """Print one sentence on stderr; `raise fail(...)` ends the command with exit status 1."""
    typer.secho(f"osis: {message}", fg=typer.colors.RED, err=True)
    return typer.Exit(1)


@app.callback()
def main() -> None:
    """Keep `osis` a group of subcommands, however many there are."""


if __name__ == "__main__":
    app()
