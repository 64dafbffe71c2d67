"""The report of a discovery, one self-contained HTML page: a row a cluster, the noise, and what the parameter does."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from osis_ros.discovery.clustering import Effect
from osis_ros.discovery.names_file import proposed_name
from osis_ros.discovery.summary import ClusterSummary

TEMPLATE = Path(__file__).with_name("page.html.jinja")
GENERATOR = '<meta name="generator" content="osis discover">'  # by which a later run knows that it may replace a page
CROPS_SHOWN = 12  # of a cluster
NOISE_SHOWN = 240
CHART = (640, 160)  # px
OFTEN_KNOWN = 0.25  # share of views called a known class, from which a cluster is probably an error of the model


@dataclass(frozen=True, eq=False)
class Page:
    """What the page shows.

    Attributes:
        title: the recordings.
        figures: words → numbers of the whole discovery.
        clusters: their summaries.
        crops: row of a thing → a JPEG file's bytes; for every thing that is shown.
        noise: rows of the things in no cluster.
        effects: of the smallest size of a cluster; `smallest` is the one that was used.
        skipped: reason → pictures that could not be read.
    """

    title: str
    figures: Mapping[str, str]
    clusters: Sequence[ClusterSummary]
    crops: Mapping[int, bytes]
    noise: Sequence[int]
    effects: Sequence[Effect]
    smallest: int
    skipped: Mapping[str, int]

    @staticmethod
    def shown(clusters: Sequence[ClusterSummary], noise: Sequence[int]) -> list[int]:
        """The rows of the things that need a crop."""
        return [row for cluster in clusters for row in cluster.members[:CROPS_SHOWN].tolist()] + list(
            noise[:NOISE_SHOWN]
        )

    def html(self) -> str:
        """The page. Whatever a bag, file or class is called is shown as text."""
        environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        environment.globals.update(proposed_name=proposed_name, image=self._image)
        return environment.from_string(TEMPLATE.read_text("utf-8")).render(
            page=self, generator=GENERATOR, crops_shown=CROPS_SHOWN, noise_shown=list(self.noise[:NOISE_SHOWN]),
            often_known=OFTEN_KNOWN, chart=_chart(self.effects, self.smallest),
        )  # fmt: skip

    def _image(self, row: int) -> str:
        return "data:image/jpeg;base64," + base64.b64encode(self.crops[row]).decode()


@dataclass(frozen=True)
class _Bar:
    """A column of the chart: a size that was tried, and where its bar is drawn (px)."""

    effect: Effect
    used: bool
    x: float
    y: float
    width: float
    height: float
    label: str


def _chart(effects: Sequence[Effect], smallest: int) -> dict[str, object]:
    """The number of clusters over their smallest size: a bar for each size that was tried."""
    most = max([1, *(effect.clusters for effect in effects)])
    step = CHART[0] / max(1, len(effects))
    bars = []
    for index, effect in enumerate(effects):
        height = CHART[1] * effect.clusters / most
        label = f"smallest size {effect.smallest}: {effect.clusters} clusters, {effect.noise} things in none"
        bars.append(_Bar(effect, effect.smallest == smallest, round(index * step + step * 0.15, 1),
                         round(CHART[1] - height, 1), round(step * 0.7, 1), round(height, 1), label))  # fmt: skip
    return {"width": CHART[0], "height": CHART[1], "bars": bars}
