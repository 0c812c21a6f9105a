from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inference", "0007_no_face_audit")]

    operations = [
        migrations.AddField(
            model_name="passage",
            name="faces",
            field=models.PositiveIntegerField(default=1, help_text="In how many pictures they were seen."),
        ),
    ]
