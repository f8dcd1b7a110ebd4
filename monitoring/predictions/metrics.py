"""What quality was: the metrics of scikit-learn on small arrays, without its start-up and its checks of the input.

Each takes arrays of one length without gaps and returns a number, or None where the rows do not say.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]

SMALLEST_SHARE = float(np.finfo(np.float64).eps)


def accuracy(truth: Codes, predicted: Codes) -> float | None:
    """Return the share of rows that were right."""
    return float(np.mean(truth == predicted))


def precision(truth: Codes, predicted: Codes, positive: int | None) -> float | None:
    """Return the share of `positive` predictions that were right; without `positive`, the mean over the classes."""
    return _over_classes(truth, predicted, positive, lambda hits, given, said: (hits, said))


def recall(truth: Codes, predicted: Codes, positive: int | None) -> float | None:
    """Return the share of `positive` rows that were found; without `positive`, the mean over the classes."""
    return _over_classes(truth, predicted, positive, lambda hits, given, said: (hits, given))


def f1(truth: Codes, predicted: Codes, positive: int | None) -> float | None:
    """Return the harmonic mean of precision and recall; without `positive`, its mean over the classes."""
    return _over_classes(truth, predicted, positive, lambda hits, given, said: (2 * hits, given + said))


def roc_auc(is_positive: NDArray[np.bool_], score: Numbers) -> float | None:
    """Return the chance that a positive row scores above a negative one (ties count half); None with one class only.

    From the sum of the ranks (Mann and Whitney): (R - n(n + 1)/2) / (n m).
    """
    positives = int(is_positive.sum())
    negatives = len(is_positive) - positives
    if not positives or not negatives:
        return None
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    last_rank = np.cumsum(counts)
    mean_rank = last_rank - (counts - 1) / 2
    ranks = float(mean_rank[place][is_positive].sum())
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)


def log_loss(is_positive: NDArray[np.bool_], score: Numbers) -> float | None:
    """Return the mean of -log of the probability given to what happened; None where a score is no probability."""
    if score.min() < 0 or score.max() > 1:
        return None
    sure = np.clip(np.where(is_positive, score, 1 - score), SMALLEST_SHARE, 1)
    return float(-np.log(sure).mean())


def mae(truth: Numbers, predicted: Numbers) -> float | None:
    """Return the mean absolute error."""
    return float(np.abs(truth - predicted).mean())


def rmse(truth: Numbers, predicted: Numbers) -> float | None:
    """Return the root of the mean squared error."""
    return float(np.sqrt(np.square(truth - predicted).mean()))


def r2(truth: Numbers, predicted: Numbers) -> float | None:
    """Return the share of the variance that is explained; None for fewer than two rows, or where truth is constant."""
    spread = float(np.square(truth - truth.mean()).sum())
    if len(truth) < 2 or spread == 0:
        return None
    return 1 - float(np.square(truth - predicted).sum()) / spread


def _over_classes(truth: Codes, predicted: Codes, positive: int | None, share: Callable) -> float | None:
    classes = np.union1d(truth, predicted) if positive is None else np.array([positive])
    shares = []
    for one in classes:
        given, said = truth == one, predicted == one
        part, whole = share(int((given & said).sum()), int(given.sum()), int(said.sum()))
        if whole:
            shares.append(part / whole)
    return float(np.mean(shares)) if shares else None
