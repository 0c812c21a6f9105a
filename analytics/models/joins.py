"""Which purchase was linked to which visit, and what each run of the matching did."""

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
