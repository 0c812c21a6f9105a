"""Sums by store, hour and segment; pages read these and nothing finer."""

from django.db import models

from inference.models import Store


class HourFigure(models.Model):
    """One hour of one segment.

    A visit i weighs w, the probability that it belongs to the segment; m is 1 if a purchase was linked to it, a the
    amount of that purchase. The sums with w² give the standard errors of ratios of the sums with w.

    attribute is "all", "age", "gender", "mood" or "age,gender"; segment is "" for "all", else a label ("28-45") or
    labels ("28-45,female"). Rows of "all" also hold what the till took in that hour, linked or not.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="figures")
    hour = models.DateTimeField()
    attribute = models.CharField(max_length=10)
    segment = models.CharField(max_length=20, blank=True)
    visits = models.FloatField(default=0, help_text="Σw")
    visits_w2 = models.FloatField(default=0, help_text="Σw²")
    buyers = models.FloatField(default=0, help_text="Σwm")
    buyers_w2 = models.FloatField(default=0, help_text="Σw²m")
    revenue = models.FloatField(default=0, help_text="Σwa")
    revenue_w2 = models.FloatField(default=0, help_text="Σw²a")
    revenue2_w2 = models.FloatField(default=0, help_text="Σw²a²")
    classified = models.PositiveIntegerField(default=0, help_text="Visits with attributes; rows of “all” only.")
    till_purchases = models.PositiveIntegerField(default=0, help_text="Receipts paid in this hour; rows of “all” only.")
    till_revenue = models.FloatField(default=0)
    till_revenue2 = models.FloatField(default=0, help_text="Σ amount²")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "hour", "attribute", "segment"], name="one_figure_per_hour_and_segment"
            )
        ]
        indexes = [models.Index(fields=["store", "attribute", "hour"], name="figures_of_period")]

    def __str__(self) -> str:
        return f"{self.store} {self.hour:%Y-%m-%d %H:%M} {self.attribute} {self.segment}"


class DirtyHour(models.Model):
    """An hour whose figures must be summed again because purchases or matches changed."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    hour = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "hour"], name="dirty_hour_once")]

    def __str__(self) -> str:
        return f"{self.store} {self.hour:%Y-%m-%d %H:%M}"
