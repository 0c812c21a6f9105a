"""Addresses."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from analytics.views import (
    accuracy,
    blind,
    cameras,
    dashboard,
    figures,
    marks,
    pages,
    planning,
    privacy,
    sales,
    snapshots,
)
from inference import api

admin.site.site_header = admin.site.site_title = "Foyer"
admin.site.index_title = "Stores, cameras, people and models"

urlpatterns = [
    path("", pages.home, name="home"),
    path("healthz", pages.healthz, name="healthz"),
    path("how-we-know", pages.how_we_know, name="how-we-know"),
    path("login", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout", LogoutView.as_view(), name="logout"),
    path("stores/<int:store_id>/", dashboard.show, name="dashboard"),
    path("stores/<int:store_id>/segments", dashboard.segments, name="segments"),
    path("stores/<int:store_id>/fits", dashboard.fits, name="fits"),
    path("stores/<int:store_id>/report.csv", dashboard.download, name="report-csv"),
    path("stores/<int:store_id>/charts/<slug:name>.json", dashboard.chart, name="chart"),
    path("stores/<int:store_id>/figures", figures.show, name="figures"),
    path("stores/<int:store_id>/figures/stop", figures.stop, name="stop-figures"),
    path("stores/<int:store_id>/figures/go-on", figures.go_on, name="go-on-figures"),
    path("stores/<int:store_id>/snapshots/", snapshots.batches, name="snapshots"),
    path("stores/<int:store_id>/snapshots/upload", snapshots.upload, name="upload-snapshots"),
    path("batches/<int:batch_id>/", snapshots.batch, name="batch"),
    path("batches/<int:batch_id>/files.csv", snapshots.fates, name="batch-files"),
    path("batches/<int:batch_id>/times", snapshots.times, name="batch-times"),
    path("stores/<int:store_id>/sales/", sales.imports, name="sales"),
    path("stores/<int:store_id>/sales/upload", sales.upload, name="upload-sales"),
    path("imports/<int:import_id>/", sales.show, name="import"),
    path("imports/<int:import_id>/confirm", sales.confirm, name="confirm-import"),
    path("imports/<int:import_id>/columns", sales.columns, name="import-columns"),
    path("imports/<int:import_id>/columns/preview", sales.columns_preview, name="import-columns-preview"),
    path("imports/<int:import_id>/cancel", sales.cancel, name="cancel-import"),
    path("imports/<int:import_id>/discard", sales.discard, name="discard-import"),
    path("imports/<int:import_id>/undo", sales.undo, name="undo-import"),
    path("imports/<int:import_id>/refused.csv", sales.refused, name="refused-rows"),
    path("stores/<int:store_id>/how-we-know", pages.how_we_know, name="how-we-know-here"),
    path("stores/<int:store_id>/accuracy/", accuracy.show, name="accuracy"),
    path("stores/<int:store_id>/accuracy/count", accuracy.count, name="count-at-door"),
    path("stores/<int:store_id>/accuracy/shares", accuracy.shares, name="typed-shares"),
    path("stores/<int:store_id>/accuracy/planning", planning.show, name="planning"),
    path("stores/<int:store_id>/accuracy/marks", marks.show, name="marks"),
    path("stores/<int:store_id>/accuracy/marks/undo", marks.undo, name="undo-mark"),
    path("counts/<int:audit_id>/", accuracy.counted, name="count"),
    path("counts/<int:audit_id>/withdraw", accuracy.withdraw, name="withdraw-count"),
    path("stores/<int:store_id>/accuracy/faces", blind.show, name="blind-audit"),
    path("stores/<int:store_id>/accuracy/faces/agree", blind.agree, name="agree-to-audit"),
    path("face-audits/<int:audit_id>/label", blind.label, name="label-faces"),
    path("face-audits/<int:audit_id>/end", blind.end, name="end-audit"),
    path("audit-faces/<int:face_id>.jpg", blind.picture, name="audit-face"),
    path("stores/<int:store_id>/cameras/", cameras.cameras, name="cameras"),
    path("cameras/<int:camera_id>/", cameras.camera, name="camera"),
    path("cameras/<int:camera_id>/tokens", cameras.create_token, name="create-token"),
    path("tokens/<int:token_id>/revoke", cameras.revoke_token, name="revoke-token"),
    path("stores/<int:store_id>/privacy/", privacy.privacy, name="privacy"),
    path("stores/<int:store_id>/notice", privacy.notice_page, name="notice"),
    path("stores/<int:store_id>/notice/confirm", privacy.confirm_notice, name="confirm-notice"),
    path("api/v1/", api.urls()),
    path("admin/", admin.site.urls),
]
