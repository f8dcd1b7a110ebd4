"""Detectors of quiet change on labelled series: how early each speaks, and how often for nothing."""

from bench.detection.portal import Portal

__all__ = ["Portal"]
