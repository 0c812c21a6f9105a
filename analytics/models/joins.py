"""Which purchase was linked to which visit, what each run of the matching did, and rates per segment once computed."""

from django.db import models
from django.utils import timezone

from analytics.models.purchases import Purchase
from inference.models import Store, Visit


class Match(models.Model):
    """One purchase linked to at most one visit, and the other way round; the database keeps that promise."""

    class Method(models.TextChoices):
        REFERENCE = "reference", "the receipt names the visit"
        ASSIGNMENT = "assignment", "best assignment by time"

    purchase = models.OneToOneField(Purchase, on_delete=models.CASCADE, related_name="match")
    visit = models.OneToOneField(Visit, on_delete=models.CASCADE, related_name="match")
    method = models.CharField(max_length=10, choices=Method.choices)
    stay_seconds = models.FloatField(help_text="From entry to payment, on the two clocks.")

    def __str__(self) -> str:
        return f"{self.purchase} ← {self.visit}"


class MatchRun(models.Model):
    """What one run over a store's days found."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="match_runs")
    start = models.DateTimeField()
    end = models.DateTimeField()
    purchases = models.PositiveIntegerField()
    candidates = models.PositiveBigIntegerField(help_text="Pairs of purchase and visit within the plausible stay.")
    matched = models.PositiveIntegerField()
    unexplained = models.PositiveIntegerField(help_text="Purchases without any visit that could have made them.")
    seconds = models.FloatField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.store} {self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}"


class JoinFit(models.Model):
    """A period's rates per segment, valid as long as `stamp` is the store's."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    first = models.DateField()
    last = models.DateField()
    by = models.CharField(max_length=10)
    stamp = models.CharField(max_length=60)
    result = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "first", "last", "by"], name="one_fit_per_period")]

    def __str__(self) -> str:
        return f"{self.store} {self.first} to {self.last} by {self.by}"
