from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("training", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="trainingrun",
            name="data_path",
            field=models.TextField(
                blank=True, help_text="Folder or zip on the training machine; a line for each data set of the recipe."
            ),
        ),
    ]
