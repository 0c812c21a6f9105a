"""What people send: pictures, sales files, times."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile

from inference.capture_time import on_clock
from inference.models import Camera, Store

LARGEST_SALES_FILE = 200_000_000  # bytes


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """A file field that takes several; its clean value is the list of them."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[bytes]]:
        files = data if isinstance(data, list | tuple) and data else [data or None]
        return [super(ManyFilesField, self).clean(file, initial) for file in files]


class CameraField(forms.ModelChoiceField[Camera]):
    """The cameras of one store, which need not be named again."""

    def label_from_instance(self, obj: Camera) -> str:
        return obj.name


class SnapshotsForm(forms.Form):
    camera = CameraField(Camera.objects.none(), empty_label=None)
    pictures = ManyFilesField(
        label="Pictures or a zip",
        error_messages={"required": "Please choose at least one picture or zip."},
        widget=ManyFilesInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/bmp,.zip"}),
    )

    def __init__(self, store: Store, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(CameraField, self.fields["camera"]).queryset = store.cameras.all()


class TimesForm(forms.Form):
    """When pictures without a capture time were taken; on the store's clock."""

    start = forms.DateTimeField(
        label="First picture taken at",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S"),
        input_formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"],
    )
    seconds = forms.FloatField(label="Seconds between pictures", min_value=0, max_value=86_400, initial=1)

    def instant(self, store: Store) -> datetime:
        return on_clock(self.cleaned_data["start"].replace(tzinfo=None), store.zone)


class SalesForm(forms.Form):
    file = forms.FileField(
        label="Sales file (CSV)", widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"})
    )
    dates = forms.ChoiceField(
        label="Dates like 03/04/2026",
        required=False,
        choices=[
            ("", "tell from the file"),
            ("day-first", "day first: 3 April"),
            ("month-first", "month first: March 4"),
        ],
    )
    branch = forms.CharField(label="Only this branch", required=False, help_text="Empty: all rows of the file.")
    all_or_none = forms.BooleanField(label="Import nothing if any row is refused", required=False)

    def clean_file(self) -> UploadedFile[bytes]:
        file = cast(UploadedFile[bytes], self.cleaned_data["file"])
        if (file.size or 0) > LARGEST_SALES_FILE:
            raise forms.ValidationError(f"The file is larger than {LARGEST_SALES_FILE // 1_000_000} MB.")
        return file
