"""Sums by store and hour; pages read these and kept fits, and nothing finer."""

from django.db import models

from inference.models import Store


class HourFigure(models.Model):
    """One hour of a store: who came, and what the till took in it, linked or not."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="figures")
    hour = models.DateTimeField()
    visits = models.PositiveIntegerField(default=0)
    classified = models.PositiveIntegerField(default=0, help_text="Visits with attributes.")
    till_purchases = models.PositiveIntegerField(default=0)
    till_revenue = models.FloatField(default=0)
    till_revenue2 = models.FloatField(default=0, help_text="Σ amount²")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "hour"], name="one_figure_per_hour")]

    def __str__(self) -> str:
        return f"{self.store} {self.hour:%Y-%m-%d %H:%M}"


class DirtyHour(models.Model):
    """An hour whose figures must be summed again because purchases or matches changed."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    hour = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "hour"], name="dirty_hour_once")]

    def __str__(self) -> str:
        return f"{self.store} {self.hour:%Y-%m-%d %H:%M}"
