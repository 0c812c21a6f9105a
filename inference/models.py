"""Stores, their cameras, and what was seen: snapshots, faces for as long as visits need them, visits."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from training.labels import Task

VISIT_REF_BYTES = 9  # 72 random bits: no two visits of a chain meet


def new_visit_ref() -> str:
    return secrets.token_urlsafe(VISIT_REF_BYTES)


def check_timezone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(f"“{name}” is not a time zone; write it like Europe/Oslo.")


class Store(models.Model):
    name = models.CharField(max_length=100, unique=True)
    timezone = models.CharField(max_length=50, default="UTC", validators=[check_timezone])
    currency = models.CharField(max_length=3, default="EUR")
    missed_share = models.FloatField(
        "visitors the camera misses",
        default=0.08,
        validators=[MinValueValidator(0), MaxValueValidator(0.6)],
        help_text="Share of all visitors, 0 to 0.6. Count an hour at the door to know; 0.08 is usual.",
    )
    staff_share = models.FloatField(
        "visits that are staff",
        default=0.03,
        validators=[MinValueValidator(0), MaxValueValidator(0.6)],
        help_text="Share of all counted visits, 0 to 0.6; 0.03 is usual.",
    )
    random_tickets = models.BooleanField(
        "tickets are handed out at random",
        default=False,
        help_text="The visits that receipts name were drawn by chance. Loyalty cards are not: regulars carry them.",
    )
    reentry_minutes = models.PositiveSmallIntegerField(
        "minutes after which somebody counts anew",
        default=5,
        validators=[MaxValueValidator(60)],
        help_text="Who comes back sooner is no new visit. 0: everybody who comes in counts.",
    )
    opens_at = models.TimeField(
        null=True, blank=True, help_text="On the store’s clock. Who is seen outside the hours is staff; empty: nobody."
    )
    closes_at = models.TimeField(null=True, blank=True)
    # What is estimated from faces; an attribute that is off is not computed, and pages show it as off.
    sees_age = models.BooleanField("age group", default=True)
    sees_gender = models.BooleanField("gender", default=True)
    sees_mood = models.BooleanField("mood", default=True)
    counts_only = models.BooleanField(
        "only count", default=False, help_text="Faces are found to count visits, and nothing is estimated from them."
    )
    responsible = models.CharField(
        "who is responsible", max_length=200, blank=True, help_text="Company and address, for the notice."
    )
    privacy_contact = models.CharField(
        "whom to ask", max_length=200, blank=True, help_text="Mail, telephone or address, for the notice."
    )
    is_simulated = models.BooleanField(default=False, help_text="Its numbers are made up, and pages say so.")
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def tasks(self) -> tuple[Task, ...]:
        """What may be estimated from this store's faces; nothing where it only counts."""
        switches: dict[Task, bool] = {"age": self.sees_age, "gender": self.sees_gender, "mood": self.sees_mood}
        return tuple(task for task, on in switches.items() if on and not self.counts_only)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def hour_of(self, instant: datetime) -> datetime:
        """The UTC instant at which the store's clock hour around `instant` began (zones of +5:30 included)."""
        offset = instant.astimezone(self.zone).utcoffset() or timedelta(0)
        beyond_hour = timedelta(seconds=offset.total_seconds() % 3600)
        shifted = instant + beyond_hour
        return shifted.replace(minute=0, second=0, microsecond=0) - beyond_hour


class Camera(models.Model):
    class Place(models.TextChoices):
        ENTRANCE = "entrance", "at the entrance: its people are visits"
        CHECKOUT = "checkout", "at a till: its faces tell who pays, and make no visits"

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="cameras")
    name = models.CharField(max_length=100)
    stream_url = models.CharField(
        max_length=500, blank=True, help_text="RTSP or HTTP address, or a file; may be empty."
    )
    place = models.CharField(max_length=10, choices=Place.choices, default=Place.ENTRANCE)
    till = models.CharField(
        max_length=50, blank=True, help_text="Of a camera at a till: the till’s name as sales files write it."
    )

    staff_zone = ArrayField(
        models.FloatField(),
        size=4,
        null=True,
        blank=True,
        help_text="Left, top, width, height in pixels of its picture: who is only ever seen in there is staff.",
    )

    is_followed = models.BooleanField(
        "follow the stream", default=False, help_text="The streams worker looks at it day and night."
    )
    clock_offset = models.FloatField(
        null=True, editable=False, help_text="Seconds to add to the camera's clock to get the server's."
    )
    clock_checked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["store", "name"]
        constraints = [models.UniqueConstraint(fields=["store", "name"], name="one_camera_per_name")]

    def __str__(self) -> str:
        return f"{self.store}: {self.name}"


class CameraToken(models.Model):
    """What a camera shows to push snapshots. Only its digest is kept; the token itself is shown once."""

    camera = models.ForeignKey(Camera, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100, help_text="Which device or program has it.")
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256, hexadecimal.")
    start = models.CharField(max_length=12, editable=False, help_text="The token's first characters, to tell it by.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=now, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.start}…)"


class CameraState(models.Model):
    """How a followed camera is doing right now; one row a camera, written by whoever follows it."""

    class Status(models.TextChoices):
        UP = "up", "sending pictures"
        SILENT = "silent", "connected, sends nothing"
        DOWN = "down", "cannot be reached"
        ENDED = "ended", "no longer followed"

    camera = models.OneToOneField(Camera, on_delete=models.CASCADE, related_name="state")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DOWN)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it is not up; never with a password.")
    since = models.DateTimeField(default=now, help_text="When the status last changed.")
    seen_at = models.DateTimeField(null=True, help_text="When the newest frame arrived.")
    looks_per_second = models.FloatField(default=0, help_text="How often it is looked at, as load allows.")
    updated_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return f"{self.camera}: {self.status}"


class CameraHourQuerySet(models.QuerySet["CameraHour"]):
    def between(self, start: datetime, end: datetime) -> CameraHourQuerySet:
        return self.filter(hour__gte=start, hour__lt=end)


class CameraHour(models.Model):
    """What a camera brought in one hour of its store: how much later figures rest on. Sums, for means over hours."""

    camera = models.ForeignKey(Camera, on_delete=models.CASCADE, related_name="hours")
    hour = models.DateTimeField()
    frames = models.PositiveIntegerField(default=0, help_text="Pictures looked at.")
    refused = models.PositiveIntegerField(default=0, help_text="Pictures that could not be used.")
    faces = models.PositiveIntegerField(default=0, help_text="Faces seen.")
    classified = models.PositiveIntegerField(default=0, help_text="Faces that were good enough to classify.")
    face_pixels = models.FloatField(default=0, help_text="Σ of the faces' sizes, pixels.")
    age_seconds = models.FloatField(default=0, help_text="Σ of how old each stream's frame was when looked at.")
    aged = models.PositiveIntegerField(default=0, help_text="Frames that age_seconds sums.")
    drops = models.PositiveIntegerField(default=0, help_text="Times the stream broke off or fell silent.")

    objects = CameraHourQuerySet.as_manager()

    class Meta:
        ordering = ["hour"]
        constraints = [models.UniqueConstraint(fields=["camera", "hour"], name="one_row_per_camera_hour")]

    def __str__(self) -> str:
        return f"{self.camera} {self.hour:%Y-%m-%d %H:%M}"


class NoticeConfirmation(models.Model):
    """Somebody saw the notice hang at the entrance; what it said then. Rows are never changed."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="notices")
    hangs_since = models.DateField()
    says = models.JSONField(help_text="What the store did when this was confirmed; see notice.what_it_does.")
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    confirmed_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["-confirmed_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.store}: hangs since {self.hangs_since}"


class DeletionRun(models.Model):
    """One run of everything that is deleted by age, and how much of each kind went."""

    at = models.DateTimeField(default=now)
    counts = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.counts}"


class SnapshotBatch(models.Model):
    """Files that came together; done once all have come in and none is waiting or pending.

    A live batch has no end: its snapshots keep coming, and its people become visits as they leave the view.
    """

    camera = models.ForeignKey(Camera, on_delete=models.CASCADE, related_name="batches")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=now, editable=False)
    received_at = models.DateTimeField(
        null=True, default=now, editable=False, help_text="When the last file was in; empty while files come in."
    )
    finished_at = models.DateTimeField(null=True, editable=False)
    is_live = models.BooleanField(default=False, editable=False)
    duplicates = models.PositiveIntegerField(default=0, help_text="Files this camera had brought before.")

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "snapshot batches"

    def __str__(self) -> str:
        return f"batch {self.pk} of {self.camera}"


class SnapshotQuerySet(models.QuerySet["Snapshot"]):
    def pending(self) -> SnapshotQuerySet:
        return self.filter(status=Snapshot.Status.PENDING)

    def analysed_until(self) -> datetime | None:
        """The capture time of the newest picture that has been analysed."""
        newest = self.filter(status=Snapshot.Status.ANALYSED).aggregate(at=models.Max("captured_at"))["at"]
        return newest if isinstance(newest, datetime) else None


class Snapshot(models.Model):
    """One picture file: known by its checksum, its pixels in the spool until it is analysed."""

    class Status(models.TextChoices):
        WAITING = "waiting", "needs a capture time"
        PENDING = "pending", "in the queue"
        ANALYSED = "analysed", "analysed"
        REFUSED = "refused", "refused"

    class TimeSource(models.TextChoices):
        EXIF = "exif", "the picture's EXIF data"
        NAME = "name", "the file name"
        MANIFEST = "manifest", "the manifest"
        ASKED = "asked", "typed in"
        MODIFIED = "modified", "the file's date"
        STREAM = "stream", "the stream's clock"
        CAMERA = "camera", "the camera's word"
        ARRIVED = "arrived", "when it arrived"

    camera = models.ForeignKey(Camera, on_delete=models.CASCADE, related_name="snapshots")
    batch = models.ForeignKey(SnapshotBatch, null=True, on_delete=models.CASCADE, related_name="snapshots")
    file_name = models.CharField(max_length=255)
    checksum = models.CharField(max_length=64, help_text="SHA-256 of the file's bytes, hexadecimal.")
    captured_at = models.DateTimeField(null=True)
    time_source = models.CharField(max_length=10, choices=TimeSource.choices, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    reason = models.CharField(max_length=255, blank=True, help_text="Why it was refused, in words for its owner.")
    faces_seen = models.PositiveIntegerField(default=0)
    faces_classified = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=now, editable=False)
    analysed_at = models.DateTimeField(null=True)

    objects = SnapshotQuerySet.as_manager()

    class Meta:
        ordering = ["captured_at", "pk"]
        constraints = [
            # The same file twice is one snapshot; a refused file may be sent again.
            models.UniqueConstraint(
                fields=["camera", "checksum"], condition=~Q(status="refused"), name="one_snapshot_per_file"
            ),
        ]
        indexes = [
            models.Index(
                fields=["status", "camera", "captured_at"],
                condition=Q(status="pending"),
                name="pending_snapshots",
            ),
            models.Index(fields=["batch", "status"], name="snapshots_of_batch"),
        ]

    def __str__(self) -> str:
        return self.file_name


class Face(models.Model):
    """A face in one snapshot: where it was and what it looked like, never its picture. Gone once it is a visit."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="faces")
    box = ArrayField(models.FloatField(), size=4, help_text="x, y, width, height in pixels of the original picture.")
    score = models.FloatField(help_text="The detector's confidence, 0 to 1.")
    is_clear = models.BooleanField(default=True, help_text="Certainly a face, and turned to the camera.")
    weight = models.FloatField(default=1.0, help_text="How much its look counts beside others of its size, 0 to 1.")
    # Probabilities in the order of training.labels; empty when the face was seen but not classified.
    age = ArrayField(models.FloatField(), null=True)
    gender = ArrayField(models.FloatField(), null=True)
    mood = ArrayField(models.FloatField(), null=True)
    age_years = models.FloatField(null=True)
    model_version = models.CharField(max_length=300, blank=True)


class VisitQuerySet(models.QuerySet["Visit"]):
    def between(self, start: datetime, end: datetime) -> VisitQuerySet:
        """Visits that entered in [start, end)."""
        return self.filter(entered_at__gte=start, entered_at__lt=end)


class Visit(models.Model):
    """One person entering once, as probabilities; no image, no face template, no identity."""

    class Source(models.TextChoices):
        SNAPSHOTS = "snapshots"
        STREAM = "stream"
        IMPORTED = "imported"
        SIMULATED = "simulated"

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="visits")
    camera = models.ForeignKey(Camera, null=True, on_delete=models.SET_NULL, related_name="visits")
    batch = models.ForeignKey(SnapshotBatch, null=True, on_delete=models.SET_NULL, related_name="visits")
    ref = models.CharField(
        max_length=64, default=new_visit_ref, help_text="What a receipt may carry to name this visit."
    )
    entered_at = models.DateTimeField()
    party = models.CharField(max_length=64, blank=True, help_text="Shared by those who entered together.")
    party_size = models.PositiveSmallIntegerField(default=1)
    # Probabilities in the order of training.labels; empty when nobody's face could be classified.
    age = ArrayField(models.FloatField(), null=True)
    gender = ArrayField(models.FloatField(), null=True)
    mood = ArrayField(models.FloatField(), null=True)
    age_years = models.FloatField(null=True)
    model_version = models.CharField(max_length=300, blank=True)
    faces = models.PositiveIntegerField(default=0, help_text="In how many pictures the face was found.")
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.SNAPSHOTS)

    objects = VisitQuerySet.as_manager()

    class Meta:
        ordering = ["entered_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["store", "ref"], name="one_visit_per_ref")]
        indexes = [models.Index(fields=["store", "entered_at"], name="visits_of_store")]

    def __str__(self) -> str:
        return f"visit {self.ref} at {self.entered_at:%Y-%m-%d %H:%M}"


class Passage(models.Model):
    """Somebody in the entrance who is no new visitor; counted apart, and nothing about them is kept."""

    class Kind(models.TextChoices):
        REENTRY = "reentry", "came back within the store’s window"
        STAFF = "staff", "works here"

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="passages")
    camera = models.ForeignKey(Camera, null=True, on_delete=models.SET_NULL, related_name="passages")
    batch = models.ForeignKey(SnapshotBatch, null=True, on_delete=models.SET_NULL, related_name="passages")
    at = models.DateTimeField()
    faces = models.PositiveIntegerField(default=1, help_text="In how many pictures they were seen.")
    kind = models.CharField(max_length=10, choices=Kind.choices)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["store", "at"], name="passages_of_store")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%Y-%m-%d %H:%M}"


class StillFace(models.Model):
    """Where a camera sees a poster, a mannequin or a screen: a place, and nothing of what is there."""

    camera = models.ForeignKey(Camera, on_delete=models.CASCADE, related_name="still_faces")
    box = ArrayField(models.FloatField(), size=4, help_text="x, y, width, height in pixels.")
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    def __str__(self) -> str:
        return f"still face of {self.camera}"

    def as_box(self) -> tuple[float, float, float, float]:
        x, y, width, height = self.box
        return x, y, width, height


class CheckoutFace(models.Model):
    """Somebody in front of a till, as probabilities; no picture, no template, no identity. Kept as long as visits."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="checkout_faces")
    camera = models.ForeignKey(Camera, null=True, on_delete=models.SET_NULL, related_name="checkout_faces")
    batch = models.ForeignKey(SnapshotBatch, null=True, on_delete=models.SET_NULL, related_name="checkout_faces")
    till = models.CharField(max_length=50, blank=True, help_text="The camera’s till when the face was seen.")
    seen_at = models.DateTimeField(help_text="In the middle of first_at and last_at.")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    # Probabilities in the order of training.labels; a face that could not be classified is not kept.
    age = ArrayField(models.FloatField())
    gender = ArrayField(models.FloatField())
    mood = ArrayField(models.FloatField())
    model_version = models.CharField(max_length=300, blank=True)
    faces = models.PositiveIntegerField(default=1, help_text="In how many pictures the face was found.")
    quality = models.FloatField(
        help_text="Width of the largest face in pixels: the nearest person is the one who pays."
    )

    class Meta:
        ordering = ["seen_at", "pk"]
        indexes = [models.Index(fields=["store", "seen_at"], name="checkout_faces_of_store")]

    def __str__(self) -> str:
        return f"face at till {self.till or '?'} at {self.seen_at:%Y-%m-%d %H:%M}"


class AuditQuerySet(models.QuerySet["Audit"]):
    def standing(self) -> AuditQuerySet:
        return self.filter(withdrawn_at=None)

    def overlapping(self, start: datetime, end: datetime) -> AuditQuerySet:
        """Counted times that share an instant with [start, end)."""
        return self.filter(start__lt=end, end__gt=start)


class Audit(models.Model):
    """What somebody found out about a store's counting: people counted at the door, or shares that were typed in.

    What people told is never changed; a row that turns out wrong is withdrawn and stays on record.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="audits")
    camera = models.ForeignKey(Camera, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    start = models.DateTimeField(help_text="From when on it was counted; of typed-in shares, from when on they hold.")
    end = models.DateTimeField(null=True, blank=True)
    # Counted at the door; empty where shares were typed in.
    entered = models.PositiveIntegerField(null=True, blank=True, help_text="Visitors counted by eye, without staff.")
    staff = models.PositiveIntegerField(null=True, blank=True, help_text="Staff who passed the door meanwhile.")
    seen = models.PositiveIntegerField(null=True, blank=True, help_text="Visits that the camera counted meanwhile.")
    # Typed in; empty where people were counted.
    missed_share = models.FloatField(null=True, blank=True, help_text="Share of all visitors that the camera misses.")
    missed_se = models.FloatField(null=True, blank=True, help_text="Its standard error.")
    staff_share = models.FloatField(null=True, blank=True, help_text="Share of counted visits that are no visitors.")
    staff_se = models.FloatField(null=True, blank=True, help_text="Its standard error.")
    counted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    note = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=64, unique=True, default=new_visit_ref, help_text="Sent twice, stored once.")
    created_at = models.DateTimeField(default=now, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="Counts no longer, and stays on record.")

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-start", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(end__isnull=False, entered__isnull=False, staff__isnull=False, missed_share__isnull=True)
                | Q(
                    entered__isnull=True,
                    missed_share__gte=0,
                    missed_share__lt=1,
                    missed_se__gte=0,
                    staff_share__gte=0,
                    staff_share__lt=1,
                    staff_se__gte=0,
                ),
                name="counted_or_typed_in",
            )
        ]
        indexes = [models.Index(fields=["store", "start"], name="audits_of_store")]

    def __str__(self) -> str:
        return f"{self.store}, {self.start:%Y-%m-%d %H:%M}"

    @property
    def is_counted(self) -> bool:
        return self.entered is not None


class FaceAuditQuerySet(models.QuerySet["FaceAudit"]):
    def running(self) -> FaceAuditQuerySet:
        return self.filter(ended_at=None)


class FaceAudit(models.Model):
    """A blind audit: an admin agreed that some faces are kept, sealed and for a while, until a person has said what
    they show. The consent and what came of it stay on record; the faces do not."""

    class Ending(models.TextChoices):
        FINISHED = "finished", "ended by hand"
        EXPIRED = "expired", "its time was over"

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="face_audits")
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    agreed_at = models.DateTimeField(default=now, editable=False)
    wanted = models.PositiveSmallIntegerField(help_text="How many faces may be kept.")
    one_in = models.PositiveSmallIntegerField(help_text="One of so many classified faces is kept, by chance.")
    keep_until = models.DateTimeField(help_text="What is still kept then is deleted.")
    newest_at = models.DateTimeField(null=True, editable=False, help_text="When the face kept last was seen.")
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    ending = models.CharField(max_length=10, choices=Ending.choices, blank=True)
    deleted = models.PositiveIntegerField(default=0, help_text="Faces that were deleted when it ended.")
    tallies = models.JSONField(default=list, help_text="What came of it; see face_audits.tallies.")

    objects = FaceAuditQuerySet.as_manager()

    class Meta:
        ordering = ["-agreed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["store"], condition=Q(ended_at=None), name="one_running_face_audit")
        ]

    def __str__(self) -> str:
        return f"face audit of {self.store}, agreed {self.agreed_at:%Y-%m-%d}"


class AuditFace(models.Model):
    """A face kept for a blind audit: sealed, without its time, camera or visit; gone when the audit ends."""

    audit = models.ForeignKey(FaceAudit, on_delete=models.CASCADE, related_name="faces")
    sealed = models.BinaryField(help_text="Its picture, encrypted with a key that is not in the database.")
    predicted = models.JSONField(help_text="The model's label for each attribute it was asked for.")
    labels = models.JSONField(null=True, help_text="What a person saw, per attribute; empty where nobody can tell.")
    is_face = models.BooleanField(null=True, help_text="Whether it shows a face; empty until somebody has looked.")
    labelled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    labelled_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"face {self.pk} of {self.audit}"


class ChangedHour(models.Model):
    """An hour of a store that gained or lost visits; whoever sums visits reads and deletes these rows."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    hour = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "hour"], name="changed_hour_once")]

    def __str__(self) -> str:
        return f"{self.store} {self.hour:%Y-%m-%d %H:%M}"
