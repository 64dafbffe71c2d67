"""`python -m osis_ros.cli`: the `osis` command where no script of that name is on the path."""

from osis_ros.cli import app

if __name__ == "__main__":
    app(prog_name="osis")
