"""Retraining, comparing, promoting and going back, in the admin site."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from training import artifacts, registry, tasks
from training.charts import CHARTS
from training.models import ModelVersion, TrainingRun
from training.recipes import RECIPES

# Shown beside the serving version's, in this order.
COMPARED = ("accuracy", "macro_recall", "mae", "cs5", "ece", "nll", "n")
PORTRAITS = artifacts.PRETRAINED.parent / "portraits"


class TrainingRunForm(forms.ModelForm[TrainingRun]):
    recipe = forms.ChoiceField(
        choices=[(recipe.name, f"{recipe.name}: {recipe.takes}; {recipe.expect}") for recipe in RECIPES.values()]
    )
    data_path = forms.CharField(
        label="Pictures",
        initial=str(PORTRAITS),
        help_text="Folder or zip on the training machine; a line for each data set of the recipe. The portraits suit "
        "the tiny recipe, to see the loop work.",
        widget=forms.Textarea(attrs={"cols": 80, "rows": 2}),
    )

    class Meta:
        model = TrainingRun
        fields = ("recipe", "data_path", "epochs")


@admin.register(TrainingRun)
class TrainingRunAdmin(admin.ModelAdmin[TrainingRun]):
    """Adding a run starts a retraining; its page follows the progress."""

    form = TrainingRunForm
    list_display = ("__str__", "status", "progress", "requested_by", "finished_at")
    change_form_template = "admin/training_run.html"

    def get_readonly_fields(self, request: HttpRequest, obj: TrainingRun | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        return ("recipe", "data_path", "epochs", "status", "progress", "message", "requested_by", "started_at",
                "finished_at")  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: TrainingRun | None = None) -> Any:
        return self.get_readonly_fields(request, obj) or TrainingRunForm.Meta.fields

    @admin.display(description="progress")
    def progress(self, run: TrainingRun) -> str:
        return f"epoch {run.epoch} of {run.epochs_total}" if run.epochs_total else "–"

    def save_model(self, request: HttpRequest, obj: TrainingRun, form: Any, change: bool) -> None:
        if change:
            return  # a run is what it was asked to be
        obj.requested_by = request.user  # type: ignore[assignment]  # the admin site lets only users in
        super().save_model(request, obj, form, change)
        transaction.on_commit(lambda: tasks.retrain.delay(obj.pk))

    def response_add(
        self, request: HttpRequest, obj: TrainingRun, post_url_continue: str | None = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:training_trainingrun_change", args=[obj.pk]))


@admin.register(ModelVersion)
class ModelVersionAdmin(admin.ModelAdmin[ModelVersion]):
    """Versions side by side with the one that serves; buttons promote one or go back."""

    list_display = ("version", "task", "is_serving", "accuracy", "created_at", "promoted_at")
    list_filter = ("task", "is_serving")
    change_form_template = "admin/model_version.html"
    fields = readonly_fields = (
        "task", "version", "path", "is_serving", "promoted_at", "run", "comparison", "charts", "card",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ModelVersion | None = None) -> bool:
        return obj is None or not obj.is_serving

    @admin.display(description="accuracy on its test part")
    def accuracy(self, version: ModelVersion) -> str:
        return _written(version.metrics, "accuracy")

    @admin.display(description="beside the serving version")
    def comparison(self, version: ModelVersion) -> SafeString:
        serving = registry.serving_version(version.task)
        theirs = serving.metrics if serving else {}
        names = [name for name in COMPARED if name in version.metrics or name in theirs]
        rows = [(name, _written(version.metrics, name), _written(theirs, name)) for name in names]
        return format_html(
            "<table><tr><th></th><th>this version</th><th>serving: {}</th></tr>{}</table><p>{}</p>",
            serving.version if serving else "none",
            _rows(rows),
            "Each figure is measured on the version's own test part; they compare only where the data is the same.",
        )

    @admin.display(description="in pictures")
    def charts(self, version: ModelVersion) -> SafeString:
        return format_html_join(
            "",
            '<section data-chart="{}"><div class="plot" role="img">Drawing…</div><p class="words"></p></section>',
            ((reverse("admin:version-chart", args=[version.pk, name]),) for name in CHARTS),
        )

    @admin.display(description="model card")
    def card(self, version: ModelVersion) -> SafeString:
        from pathlib import Path

        file = Path(version.path) / "card.md"
        return format_html("<pre>{}</pre>", file.read_text() if file.exists() else "The artifact's folder is gone.")

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("<int:pk>/promote", self.admin_site.admin_view(require_POST(self.promote)), name="promote-version"),
            path("<int:pk>/charts/<str:name>", self.admin_site.admin_view(self.chart), name="version-chart"),
            path("<str:task>/back", self.admin_site.admin_view(require_POST(self.back)), name="roll-back"),
        ]
        return own + super().get_urls()

    def promote(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = get_object_or_404(ModelVersion, pk=pk)
        override = bool(request.POST.get("override"))
        try:
            registry.promote(version, override=override)
        except registry.WorseForSomeError as error:
            messages.error(request, f"Not promoted. {error} Tick “although some groups lose” to promote it anyway.")
            return HttpResponseRedirect(reverse("admin:training_modelversion_change", args=[pk]))
        self.log_change(request, version, "promoted although some groups lose" if override else "promoted")
        messages.success(request, f"{version} serves now; workers take it up with their next pictures.")
        return HttpResponseRedirect(reverse("admin:training_modelversion_changelist"))

    def chart(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        version = get_object_or_404(ModelVersion, pk=pk)
        if name not in CHARTS:
            raise Http404(f"There is no chart “{name}”.")
        serving = registry.serving_version(version.task)
        theirs = serving.metrics if serving and serving != version else {}
        figure, words = CHARTS[name](version.metrics, theirs)
        return JsonResponse({"figure": json.loads(figure.to_json()), "description": words})

    def back(self, request: HttpRequest, task: str) -> HttpResponse:
        try:
            version = registry.roll_back(task)
        except registry.NothingBeforeError as error:
            messages.error(request, str(error))
        else:
            self.log_change(request, version, "went back to this version")
            messages.success(request, f"Went back: {version} serves again.")
        return HttpResponseRedirect(reverse("admin:training_modelversion_changelist"))


def _written(metrics: dict[str, Any], name: str) -> str:
    value = metrics.get(name)
    return "–" if value is None else f"{value:.4g}"


def _rows(rows: list[tuple[str, str, str]]) -> SafeString:
    return format_html_join("", "<tr><th>{}</th><td>{}</td><td>{}</td></tr>", rows)
