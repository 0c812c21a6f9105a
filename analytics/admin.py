"""People, their stores, and who looked at what."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpRequest

from analytics.models import AccessLog, PurchaseImport, StoreManager


class StoreManagerInline(admin.TabularInline[StoreManager, User]):
    model = StoreManager
    extra = 1
    verbose_name = "store that this person may see"
    verbose_name_plural = "stores that this person may see (admins see all)"


class PeopleAdmin(UserAdmin[User]):
    """Django's own, with the stores of each person."""

    inlines = (StoreManagerInline,)


admin.site.unregister(User)
admin.site.register(User, PeopleAdmin)


class LookOnlyAdmin(admin.ModelAdmin[Any]):
    """Rows that tell what happened; nobody edits the past."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(AccessLog)
class AccessLogAdmin(LookOnlyAdmin):
    list_display = ("at", "user", "store", "what")
    list_filter = ("store",)
    list_select_related = ("user", "store")
    date_hierarchy = "at"


@admin.register(PurchaseImport)
class PurchaseImportAdmin(LookOnlyAdmin):
    list_display = ("file_name", "store", "status", "purchases_count", "created_by", "created_at")
    list_select_related = ("store", "created_by")
