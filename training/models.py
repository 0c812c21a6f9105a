"""The registry: which model versions exist, which run made them, which one serves."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class TaskName(models.TextChoices):
    AGE = "age"
    GENDER = "gender"
    MOOD = "mood"


class TrainingRun(models.Model):
    """One retraining, asked for by an admin; its progress lives on this row."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    recipe = models.CharField(max_length=60)
    data_path = models.TextField(
        blank=True, help_text="Folder or zip on the training machine; a line for each data set of the recipe."
    )
    epochs = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: as many as the recipe says.")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED, editable=False)
    epoch = models.PositiveIntegerField(default=0, editable=False)
    epochs_total = models.PositiveIntegerField(default=0, editable=False)
    message = models.TextField(blank=True, editable=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.recipe} of {self.created_at:%Y-%m-%d %H:%M}"


class ModelVersion(models.Model):
    """One artifact folder known to this installation."""

    task = models.CharField(max_length=10, choices=TaskName.choices)
    version = models.CharField(max_length=100)
    path = models.CharField(max_length=500, help_text="The artifact's folder.")
    metrics = models.JSONField(default=dict)
    run = models.ForeignKey(TrainingRun, null=True, on_delete=models.SET_NULL, related_name="versions")
    created_at = models.DateTimeField(default=timezone.now)
    is_serving = models.BooleanField(default=False)
    promoted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["task", "-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["task", "version"], name="one_row_per_version"),
            models.UniqueConstraint(fields=["task"], condition=Q(is_serving=True), name="one_serving_version_per_task"),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.version}"
