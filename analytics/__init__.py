"""Stores' numbers, and the Django project itself.

purchases (sales/) meet visits (matching.py, join/), are summed by hour (rollups.py), read as frames (queries.py),
small cells withheld (withhold.py), and drawn (charts/, views/). Imports `inference` and `training`, never the other
way round; `servers.py` and `supervisor.py` bring and keep the processes of `make run`.
"""

from analytics.celery import app as celery_app

__all__ = ["celery_app"]
