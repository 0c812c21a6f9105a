"""Sums by store and hour; pages read these and kept fits, and nothing finer."""

from django.conf import settings
from django.db import models

from inference.models import Store


class HourFigure(models.Model):
    """One hour of a store: who came, and what the till took in it, linked or not."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="figures")
    hour = models.DateTimeField()
    visits = models.PositiveIntegerField(default=0)
    classified = models.PositiveIntegerField(default=0, help_text="Visits with attributes.")
    till_purchases = models.PositiveIntegerField(default=0, help_text="Sales.")
    till_priced = models.PositiveIntegerField(default=0, help_text="Sales whose amount is known.")
    till_revenue = models.FloatField(default=0, help_text="Of sales, before refunds.")
    till_revenue2 = models.FloatField(default=0, help_text="Σ amount² of sales")
    till_refunded = models.FloatField(default=0, help_text="Paid back in this hour.")
    till_refunded2 = models.FloatField(default=0, help_text="Σ amount² of refunds")

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


class FigureWork(models.Model):
    """How far a store's figures have come, and whether somebody has stopped the work.

    Which days are to do, the rows of DirtyHour and ChangedHour say.
    """

    store = models.OneToOneField(Store, on_delete=models.CASCADE, related_name="figure_work")
    total = models.PositiveIntegerField(
        default=0, help_text="Days that were to do when the work began; 0 when it is done."
    )
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    def __str__(self) -> str:
        return f"{self.store}: {self.total} days"
