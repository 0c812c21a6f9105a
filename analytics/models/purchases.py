"""Receipts of the till, and the imports that brought them."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone

from inference.models import Store


class PurchaseImport(models.Model):
    """One sales file; undoing it removes exactly the purchases that point here."""

    class Status(models.TextChoices):
        ASKING = "asking", "waiting for an answer"
        READING = "reading", "being read"
        PREVIEWED = "previewed", "waiting for your go"
        RUNNING = "running", "importing"
        DONE = "done", "imported"
        UNDOING = "undoing", "being undone"
        UNDONE = "undone", "undone"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "cancelled"

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="imports")
    file_name = models.CharField(max_length=255)
    checksum = models.CharField(max_length=64)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PREVIEWED)
    mapping = models.JSONField(default=dict, help_text="Which column was read as what, and how.")
    rows = models.PositiveIntegerField(default=0)
    purchases_count = models.PositiveIntegerField(default=0)
    lines_count = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0, help_text="Purchases that the till had corrected.")
    duplicates = models.PositiveIntegerField(default=0)
    refused = models.JSONField(default=list, help_text="[{row, column, value, reason}]")
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    total = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    progress = models.PositiveSmallIntegerField(default=0, help_text="Percent.")
    touched_at = models.DateTimeField(default=timezone.now, help_text="When work on it last moved on.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="How often its work was begun.")
    message = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.get_status_display()})"

    def is_within(self, stores: set[int]) -> bool:
        """Whether all rows of the file are of these stores, as far as it has been read."""
        return set(self.mapping.get("reaches", [self.store_id])) <= stores


class PurchaseQuerySet(models.QuerySet["Purchase"]):
    def between(self, start: datetime, end: datetime) -> PurchaseQuerySet:
        """Purchases paid in [start, end)."""
        return self.filter(paid_at__gte=start, paid_at__lt=end)

    def sales(self) -> PurchaseQuerySet:
        """Receipts that count as purchases, whether or not their amount is known."""
        return self.filter(status=Purchase.Status.SALE)

    def timed(self) -> PurchaseQuerySet:
        """Those whose time of day is known, so that visits can be set against them."""
        return self.filter(has_time=True)


class Purchase(models.Model):
    """One receipt, whose status says what counts.

    A sale is a purchase, even where its amount is unknown or 0. A refund is none, and lowers the day's revenue.
    A receipt that was voided or paid back wholly stays, with an amount of 0.
    """

    class Status(models.TextChoices):
        SALE = "sale", "sale"
        REFUND = "refund", "refund"
        VOID = "void", "voided or paid back"

    # Both of the indexes below begin with the store.
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="purchases", db_index=False)
    receipt = models.CharField(max_length=200)
    till = models.CharField(max_length=50, blank=True)
    paid_at = models.DateTimeField()
    has_time = models.BooleanField(
        default=True, db_default=True, help_text="Unless only the day is known; then it stands at noon."
    )
    amount = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, help_text="In the store's currency; empty where the file has none."
    )
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.SALE, db_default=Status.SALE)
    items = models.PositiveIntegerField(null=True)
    visit_ref = models.CharField(max_length=64, blank=True, help_text="The visit this receipt names, if it does.")
    # What the cashier keyed, as labels of training.labels where the till's keys are these, else in the till's words.
    age_mark = models.CharField(
        max_length=20, blank=True, db_default="", help_text="The age band that the cashier keyed."
    )
    gender_mark = models.CharField(
        max_length=20, blank=True, db_default="", help_text="The gender that the cashier keyed."
    )
    brought_by = models.ForeignKey(PurchaseImport, null=True, on_delete=models.CASCADE, related_name="purchases")

    objects = PurchaseQuerySet.as_manager()

    class Meta:
        ordering = ["paid_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["store", "receipt"], name="one_purchase_per_receipt")]
        indexes = [models.Index(fields=["store", "paid_at"], name="purchases_of_store")]

    def __str__(self) -> str:
        return f"receipt {self.receipt}"


class PurchaseChange(models.Model):
    """What an import corrected on a receipt that was here already, and what stood there before: undo puts it back."""

    brought_by = models.ForeignKey(PurchaseImport, on_delete=models.CASCADE, related_name="changes")
    purchase = models.ForeignKey(Purchase, on_delete=models.CASCADE, related_name="changes")
    before = models.JSONField(help_text="The receipt's columns, and its lines.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["brought_by", "purchase"], name="one_change_per_import")]

    def __str__(self) -> str:
        return f"{self.purchase} before import {self.brought_by_id}"


class SalesMapping(models.Model):
    """Which column is what in the files of a store's till, as its manager said; used for the next file like it."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="sales_mappings")
    name = models.CharField(max_length=60)
    header = models.JSONField(help_text="The names of the columns by which such a file is known.")
    choice = models.JSONField(help_text="Columns, order of dates, decimal mark, branches.")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-updated_at"]
        constraints = [models.UniqueConstraint(fields=["store", "name"], name="one_mapping_per_name")]

    def __str__(self) -> str:
        return f"{self.store}: {self.name}"


class PurchaseLine(models.Model):
    """One article on a receipt."""

    purchase = models.ForeignKey(Purchase, on_delete=models.CASCADE, related_name="lines")
    product = models.CharField(max_length=200, blank=True)
    category = models.CharField(max_length=100, blank=True)
    quantity = models.DecimalField(max_digits=10, decimal_places=3, default=1)
    amount = models.DecimalField(max_digits=12, decimal_places=2, null=True)

    def __str__(self) -> str:
        return self.product or self.category


class MarkCheck(models.Model):
    """Buyers looked at twice: what the cashier keyed, and what they are. Together they are the cashiers' confusion."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="mark_checks")
    attribute = models.CharField(max_length=6, choices=[("age", "age group"), ("gender", "gender")])
    mark = models.CharField(max_length=20, help_text="What the cashier keyed, as purchases carry it.")
    label = models.CharField(max_length=10, help_text="What it should have been, of training.labels.")
    buyers = models.PositiveIntegerField(default=1)
    checked_on = models.DateField()
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["store", "attribute"], name="mark_checks_of_store")]

    def __str__(self) -> str:
        return f"{self.mark} for {self.label}: {self.buyers}"
