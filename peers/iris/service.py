"""The small service that BentoML serves."""

from __future__ import annotations

import bentoml
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression


@bentoml.service(name="iris")
class Iris:
    def __init__(self) -> None:
        rows, kinds = load_iris(return_X_y=True)
        self.model = LogisticRegression(max_iter=200).fit(rows, kinds)

    @bentoml.api
    def predict(self, rows: list[list[float]]) -> list[int]:
        if not rows:
            raise ValueError("no rows")
        return self.model.predict(rows).tolist()
