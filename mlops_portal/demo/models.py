"""The models of the demo world: real ones, trained with scikit-learn on data sets that the library carries."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sklearn import datasets
from sklearn.base import BaseEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

LOADERS = {
    "binary": datasets.load_breast_cancer,
    "multiclass": datasets.load_digits,
    "regression": datasets.load_diabetes,
}


@dataclass(frozen=True)
class Answer:
    """Predictions of some rows: one a row, and the probability of the positive class where there is one."""

    predictions: NDArray
    scores: NDArray | None


@dataclass(frozen=True)
class Experiment:
    """What a data scientist did once: a data set split, a pipeline fitted, and the rest kept for testing.

    `outcomes` are the business's names for the data set's classes, of two the positive one first; `unit` is one unit
    of a regression's target; of two outcomes the positive one is said where its probability is above `cut`.
    """

    task: str
    seed: int
    outcomes: tuple[str, ...] = ()
    unit: float = 1.0
    simplicity: float = 1.0  # how strongly the model is held back from following its training rows
    cut: float = 0.5

    @cached_property
    def _split(self) -> list[NDArray]:
        loaded = LOADERS[self.task](return_X_y=True)
        rows, truth = loaded[0], loaded[1]
        strata = None if self.task == "regression" else truth
        return train_test_split(rows, truth, test_size=0.5, random_state=self.seed, stratify=strata)

    @property
    def held_out(self) -> tuple[NDArray, NDArray]:
        """Return the rows that the model never saw, and what is true of them."""
        return self._split[1], self.named(self._split[3])

    @cached_property
    def spreads(self) -> NDArray:
        """Return the standard deviation of each column, at least a little."""
        return np.maximum(self._split[0].std(axis=0), 1e-9)

    @cached_property
    def pipeline(self) -> BaseEstimator:
        """Return the fitted model. A field that is empty is taken to be as it usually is."""
        if self.task == "regression":
            last = Ridge(alpha=self.simplicity)
        else:
            last = LogisticRegression(C=1 / self.simplicity, max_iter=2000)
        return make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(), last).fit(
            self._split[0], self._split[2]
        )

    def named(self, truth: NDArray) -> NDArray:
        """Return the data set's truth in the business's words and units."""
        if self.task == "regression":
            return np.round(truth * self.unit, 2)
        return np.array(self.outcomes)[truth]

    def predict(self, rows: NDArray) -> Answer:
        """Return what the model says of rows (n × columns of the data set)."""
        if self.task == "regression":
            return Answer(self.named(self.pipeline.predict(rows)), None)
        chances = self.pipeline.predict_proba(rows)
        if self.task == "multiclass":
            return Answer(self.named(chances.argmax(axis=1)), None)
        return Answer(self.named((chances[:, 0] <= self.cut).astype(int)), np.round(chances[:, 0], 4))
