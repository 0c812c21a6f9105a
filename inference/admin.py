"""Stores and cameras in the admin site; batches to look at."""

from django.contrib import admin

from inference.models import Camera, SnapshotBatch, Store


class CameraInline(admin.TabularInline[Camera, Store]):
    model = Camera
    extra = 0


@admin.register(Store)
class StoreAdmin(admin.ModelAdmin[Store]):
    list_display = ("name", "timezone", "currency", "is_simulated")
    search_fields = ("name",)
    inlines = (CameraInline,)


@admin.register(Camera)
class CameraAdmin(admin.ModelAdmin[Camera]):
    list_display = ("name", "store", "place", "till", "stream_url")
    list_filter = ("store", "place")
    list_select_related = ("store",)


@admin.register(SnapshotBatch)
class SnapshotBatchAdmin(admin.ModelAdmin[SnapshotBatch]):
    list_display = ("id", "camera", "uploaded_by", "created_at", "finished_at")
    list_select_related = ("camera__store", "uploaded_by")
    fields = readonly_fields = ("camera", "uploaded_by", "created_at", "finished_at", "duplicates")

    def has_add_permission(self, request: object) -> bool:
        return False
