"""How good clusters are, against the true classes of what they hold."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_mutual_info_score


@dataclass(frozen=True)
class ClusterQuality:
    """Scores of one clustering.

    Attributes:
        clusters: their number.
        coverage: share of the items that are in a cluster, 0..1.
        purity: share of the clustered items that are of the commonest class of their cluster, 0..1.
        accuracy: share of all items that are right if each class is matched with at most one cluster (Hungarian
            clustering accuracy); an item in no cluster is wrong. 0..1.
        ami: adjusted mutual information of clusters and classes, of the clustered items; 0 by chance, at most 1.
        right_labels: items that are right once each cluster has the name of its commonest class, by weight.
        actions: clusters that had to be named or dropped by hand.
    """

    clusters: int
    coverage: float
    purity: float
    accuracy: float
    ami: float
    right_labels: float
    actions: int

    @property
    def labels_per_action(self) -> float:
        """Right labels that one human action gives; 0 without any."""
        return self.right_labels / self.actions if self.actions else 0.0


def cluster_quality(clusters: np.ndarray, classes: np.ndarray, weights: np.ndarray | None = None) -> ClusterQuality:
    """Compare clusters with the truth.

    Args:
        clusters: [N] int, the cluster of each item from 1, 0 for none.
        classes: [N] int, the true class from 0; -1 for an item that is no object. Such items count as a class of their
            own in purity and mutual information: a cluster of them is dropped with one action. They give no right
            label, and the accuracy leaves them out.
        weights: [N] labels that an item stands for, such as the views of a thing; 1 each by default.
    """
    weights = np.ones(len(clusters)) if weights is None else np.asarray(weights, float)
    count, kinds = int(clusters.max(initial=0)), int(classes.max(initial=-1)) + 1
    table, weighted = np.zeros((count, kinds + 1)), np.zeros((count, kinds + 1))  # the last column: no object
    inside = clusters > 0
    np.add.at(table, (clusters[inside] - 1, classes[inside]), 1)
    np.add.at(weighted, (clusters[inside] - 1, classes[inside]), weights[inside])
    rows, columns = linear_sum_assignment(-table[:, :kinds])
    named = table.argmax(1)
    right = weighted[np.arange(count), named][named < kinds].sum()
    return ClusterQuality(
        clusters=count,
        coverage=float(inside.mean()) if len(clusters) else 0.0,
        purity=float(table.max(1, initial=0).sum() / max(inside.sum(), 1)),
        accuracy=float(table[rows, columns].sum() / max((classes >= 0).sum(), 1)),
        ami=float(adjusted_mutual_info_score(classes[inside], clusters[inside])) if inside.any() else 0.0,
        right_labels=float(right),
        actions=count,
    )
