"""The statistics of joining visits with purchases, as pure NumPy and SciPy.

rebase.py makes a classifier's probabilities those of the store; modes.py chooses by what receipts tell: exact.py where
they name visits, soft.py (with kernel.py, the stay) where they do not, both where some do. estimate.py turns totals
into rates; simulate.py makes shops whose truth is known; assignment.py links purchases to single visits, to illustrate.
"""
