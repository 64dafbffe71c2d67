"""The `osis` command, also as `python -m osis_ros`."""

import signal


def main() -> None:
    """Run `osis`. Ctrl-C while its modules load ends it without a traceback."""
    heeded = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from osis_ros.cli import app

    signal.signal(signal.SIGINT, heeded)
    app(prog_name="osis")


if __name__ == "__main__":
    main()
