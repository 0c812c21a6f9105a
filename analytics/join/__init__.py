"""The statistics of joining visits with purchases, as pure NumPy and SciPy.

assignment.py links each purchase to at most one visit; estimate.py turns weighted sums into rates with intervals;
simulate.py makes shops whose truth is known. Linking one by one says little about segments once a shop is busy, and
the pages say so; a better estimator can take its place behind `estimate.Figures`.
"""
