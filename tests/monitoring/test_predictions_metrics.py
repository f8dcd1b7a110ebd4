"""Our metrics are scikit-learn's."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as theirs

from monitoring.predictions import metrics as ours

classes = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)
chances = st.lists(st.tuples(st.booleans(), st.integers(0, 20).map(lambda n: n / 20)), min_size=1, max_size=40)
measures = st.integers(-(10**6), 10**6).map(lambda n: n / 100)
numbers = st.lists(st.tuples(measures, measures), min_size=2, max_size=40)
MACRO = {"average": "macro", "zero_division": np.nan}


def columns(pairs):
    return (np.array(one) for one in zip(*pairs, strict=True))


def is_same(mine, other):
    return math.isnan(other) if mine is None else mine == pytest.approx(other, rel=1e-6, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(classes)
def test_metrics_over_all_classes(pairs):
    truth, said = columns(pairs)
    assert is_same(ours.accuracy(truth, said), theirs.accuracy_score(truth, said))
    assert is_same(ours.precision(truth, said, None), theirs.precision_score(truth, said, **MACRO))
    assert is_same(ours.recall(truth, said, None), theirs.recall_score(truth, said, **MACRO))
    assert is_same(ours.f1(truth, said, None), theirs.f1_score(truth, said, **MACRO))


@settings(max_examples=60, deadline=None)
@given(classes)
def test_metrics_of_one_class(pairs):
    truth, said = (column == 1 for column in columns(pairs))
    for mine, other in [
        (ours.precision, theirs.precision_score),
        (ours.recall, theirs.recall_score),
        (ours.f1, theirs.f1_score),
    ]:
        assert is_same(mine(truth.astype(int), said.astype(int), 1), other(truth, said, zero_division=np.nan))


@settings(max_examples=60, deadline=None)
@given(chances)
def test_metrics_of_scores(pairs):
    truth, score = columns(pairs)
    assert is_same(ours.log_loss(truth, score), theirs.log_loss(truth, score, labels=[False, True]))
    if len(set(truth)) == 2:
        assert is_same(ours.roc_auc(truth, score), theirs.roc_auc_score(truth, score))
    else:
        assert ours.roc_auc(truth, score) is None


@settings(max_examples=60, deadline=None)
@given(numbers)
def test_metrics_of_numbers(pairs):
    truth, said = columns(pairs)
    assert is_same(ours.mae(truth, said), theirs.mean_absolute_error(truth, said))
    assert is_same(ours.rmse(truth, said), theirs.root_mean_squared_error(truth, said))
    if (mine := ours.r2(truth, said)) is not None:
        assert is_same(mine, theirs.r2_score(truth, said))


def test_a_score_that_is_no_probability_has_no_log_loss():
    assert ours.log_loss(np.array([True, False]), np.array([1.5, 0.2])) is None
