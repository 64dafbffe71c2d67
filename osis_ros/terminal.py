"""What every subcommand of `osis` says when it fails."""

import typer


def fail(message: object) -> typer.Exit:
    """Print one sentence on stderr; `raise fail(...)` ends the command with exit status 1."""
    typer.secho(f"osis: {message}", fg=typer.colors.RED, err=True)
    return typer.Exit(1)
