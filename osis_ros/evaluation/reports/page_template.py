"""The templates of the self-contained HTML pages in this folder. Whatever a bag or model is called is shown as text."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

FOLDER = Path(__file__).parent


def page_template(name: str) -> Template:
    """The template in the file of this name; a value that it lacks is an error when it renders."""
    environment = Environment(loader=FileSystemLoader(FOLDER, encoding="utf-8"), autoescape=True,
                              undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # fmt: skip
    return environment.get_template(name)
