"""Who may see which store, and who looked at what."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from inference.models import Store


class StoreManager(models.Model):
    """A manager's right to one store; admins (is_superuser) see all."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="managed_stores")
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="managers")
    sees_visits = models.BooleanField(default=False, help_text="May export single visits, not only totals.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "store"], name="one_right_per_store")]

    def __str__(self) -> str:
        return f"{self.user} manages {self.store}"


class AccessLog(models.Model):
    """One look at a store's numbers."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    store = models.ForeignKey(Store, null=True, on_delete=models.CASCADE, related_name="+")
    what = models.CharField(max_length=200)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.user} {self.what}"
