"""Frames become visits.

intake (uploads, checks, spool) -> decode -> detect -> align -> predictor -> tracking -> visits; `pipeline.py` takes
a chunk of snapshots through all of it, `retention.py` forgets what is no longer needed. Only `predictor.py` and the
MTCNN adapter need TensorFlow, and load it on first use.
"""
