"""What people send: pictures, sales files, times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.timezone import now

from analytics.sales.imports import Choice
from inference import face_keeping
from inference.audits import Watch
from inference.capture_time import on_clock
from inference.models import Camera, Store, new_visit_ref
from training.labels import LABELS, Task

MOST_PEOPLE, LONGEST_COUNT = 20_000, timedelta(hours=16)
LARGEST_SALES_FILE = 500_000_000  # bytes


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

    # A script sends an upload in parts: to which batch this one belongs, and whether more follow.
    batch = forms.IntegerField(required=False, min_value=1)
    more = forms.BooleanField(required=False)

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
        label="Sales file (CSV or Excel)",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,text/csv"}),
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

    def choice(self) -> Choice:
        said = self.cleaned_data
        return Choice(dates=said["dates"], branch=said["branch"], all_or_none=said["all_or_none"])


class DoorCountForm(forms.Form):
    """People counted at the door. Subclasses tell when; `watch` is valid once the form is."""

    camera = CameraField(Camera.objects.none(), required=False, empty_label=None)
    entered = forms.IntegerField(label="Visitors who came in", min_value=0, max_value=MOST_PEOPLE)
    staff = forms.IntegerField(label="Staff who came in", min_value=0, max_value=MOST_PEOPLE, initial=0)
    note = forms.CharField(label="Note", required=False, max_length=200)
    watch: Watch

    def __init__(self, store: Store, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.store = store
        doors = store.cameras.filter(place=Camera.Place.ENTRANCE)
        cast(CameraField, self.fields["camera"]).queryset = doors
        self.has_choice = len(doors) > 1

    def times(self) -> tuple[datetime, datetime]:
        raise NotImplementedError

    def key(self) -> str:
        return new_visit_ref()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        start, end = self.times()
        if not start < end <= start + LONGEST_COUNT:
            raise forms.ValidationError("Please count for between a minute and 16 hours.")
        if end > now() + timedelta(minutes=1):
            raise forms.ValidationError("That time is not over yet.")
        if not cleaned["entered"] + cleaned["staff"]:
            raise forms.ValidationError("Nobody was counted, so there is nothing to compare.")
        # With a single door, its visits are all there are, imported ones without a camera included.
        camera = cleaned["camera"] if self.has_choice else None
        if self.has_choice and camera is None:
            raise forms.ValidationError("Please say at which door you counted.")
        self.watch = Watch(
            camera, start, end, cleaned["entered"], cleaned["staff"], self.key(), cleaned.get("note") or ""
        )
        return cleaned


class PaperCountForm(DoorCountForm):
    """Counted on paper: when it began on the store's clock, and for how long."""

    start = forms.DateTimeField(
        label="Began at",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )
    minutes = forms.FloatField(label="Minutes", min_value=1, max_value=960, initial=60)
    field_order = ("camera", "start", "minutes", "entered", "staff", "note")

    def times(self) -> tuple[datetime, datetime]:
        start = on_clock(self.cleaned_data["start"].replace(tzinfo=None), self.store.zone)
        return start, start + timedelta(minutes=self.cleaned_data["minutes"])


class TappedCountForm(DoorCountForm):
    """Counted on a phone: milliseconds of the phone's own clock, and what that clock shows now."""

    started = forms.FloatField()
    ended = forms.FloatField()
    clock = forms.FloatField()
    mark = forms.CharField(max_length=64)

    def times(self) -> tuple[datetime, datetime]:
        """On our clock: a phone's may be wrong, but it goes at the right speed."""
        behind = now().timestamp() - self.cleaned_data["clock"] / 1000
        try:
            start, end = (
                datetime.fromtimestamp(self.cleaned_data[name] / 1000 + behind, UTC) for name in ("started", "ended")
            )
        except (ValueError, OverflowError, OSError) as error:
            raise forms.ValidationError("These times are none.") from error
        return start, end

    def key(self) -> str:
        return str(self.cleaned_data["mark"])


class SharesForm(forms.Form):
    """Shares known from elsewhere, in percent with their ± at 95 %."""

    missed = forms.FloatField(label="Visitors the camera misses, %", min_value=0, max_value=60)
    missed_margin = forms.FloatField(label="±", min_value=0.1, max_value=60, initial=5)
    staff = forms.FloatField(label="Visits that are staff or nobody, %", min_value=0, max_value=60)
    staff_margin = forms.FloatField(label="±", min_value=0.1, max_value=60, initial=3)
    note = forms.CharField(label="How do you know?", max_length=200)


class PlanForm(forms.Form):
    """What somebody wants to know, and of which store; empty fields take the store's own numbers."""

    MARGINS = ((3, "±3 points"), (5, "±5 points"), (10, "±10 points"))

    points = forms.TypedChoiceField(label="How closely", choices=MARGINS, coerce=int, required=False)
    days = forms.IntegerField(label="Within how many days", min_value=1, max_value=800, required=False)
    visits = forms.FloatField(label="Visits a day", min_value=1, max_value=100_000, required=False)
    conversion = forms.FloatField(label="Of visitors who buy, %", min_value=1, max_value=95, required=False)


class MarkForm(forms.Form):
    """Buyers who were looked at twice: what the cashier keyed, and what they are."""

    mark = forms.ChoiceField(label="The cashier pressed", widget=forms.RadioSelect)
    label = forms.ChoiceField(label="In truth", widget=forms.RadioSelect)
    buyers = forms.IntegerField(label="Buyers", min_value=1, max_value=1_000, initial=1)

    def __init__(self, marks: Sequence[str], labels: Sequence[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["mark"]).choices = [(mark, mark) for mark in marks]
        cast(forms.ChoiceField, self.fields["label"]).choices = [(label, label) for label in labels]


class AgreeForm(forms.Form):
    """An admin's consent to a blind audit."""

    wanted = forms.IntegerField(
        label="Faces to keep", min_value=30, max_value=face_keeping.MOST_FACES, initial=face_keeping.USUAL_FACES
    )
    one_in = forms.IntegerField(
        label="One of how many faces seen, drawn by chance",
        min_value=1,
        max_value=face_keeping.MOST_ONE_IN,
        initial=face_keeping.USUAL_ONE_IN,
    )
    days = forms.IntegerField(
        label="Days until everything is deleted at the latest",
        min_value=1,
        max_value=face_keeping.MOST_DAYS,
        initial=face_keeping.USUAL_DAYS,
    )
    agree = forms.BooleanField(
        label="I agree that these faces are kept, encrypted, until the audit ends",
        error_messages={"required": "Nothing is kept unless you agree."},
    )


class FaceLabelForm(forms.Form):
    """What one face shows, for the attributes that were estimated; “” where nobody can tell."""

    UNKNOWN, CANNOT_TELL = "-", "can’t tell"
    QUESTIONS: dict[Task, str] = {"age": "Age", "gender": "Gender", "mood": "Expression"}

    def __init__(self, tasks: Sequence[Task], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for task in tasks:
            choices = [*((label, label) for label in LABELS[task]), (self.UNKNOWN, self.CANNOT_TELL)]
            field = forms.ChoiceField(label=self.QUESTIONS[task], choices=choices, widget=forms.RadioSelect)
            field.error_messages["required"] = "Choose one; “can’t tell” is an answer, too."
            self.fields[task] = field

    def labels(self) -> dict[Task, str]:
        said = cast(dict[Task, str], self.cleaned_data)
        return {task: "" if label == self.UNKNOWN else label for task, label in said.items()}


class TokenForm(forms.Form):
    name = forms.CharField(max_length=100, strip=True, widget=forms.TextInput(attrs={"autocomplete": "off"}))


class PrivacyForm(forms.ModelForm[Store]):
    """A store's switches, and what its notice must name."""

    class Meta:
        model = Store
        fields = ["sees_age", "sees_gender", "sees_mood", "counts_only", "responsible", "privacy_contact"]


class NoticeForm(forms.Form):
    hangs_since = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
