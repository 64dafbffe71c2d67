"""The console that commands print to: it shows names as they are."""

from rich.console import Console


def plain_console() -> Console:
    """A console that takes nothing in a text for markup: `[red]` and `:cup:` in the name of a class, a file or a bag
    stay what they are, in tables and titles too. What shall be bold or coloured is a `Text` with a style."""
    return Console(markup=False, emoji=False)
