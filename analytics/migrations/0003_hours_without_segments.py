"""Figures by segment come from the join now; hours keep what door and till counted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analytics", "0002_kept_join_fits")]

    operations = [
        migrations.RunSQL("DELETE FROM analytics_hourfigure WHERE attribute <> 'all'", migrations.RunSQL.noop),
        migrations.RemoveConstraint("hourfigure", "one_figure_per_hour_and_segment"),
        migrations.RemoveIndex("hourfigure", "figures_of_period"),
        *(
            migrations.RemoveField("hourfigure", name)
            for name in ("attribute", "segment", "visits_w2", "buyers", "buyers_w2", "revenue", "revenue_w2", "revenue2_w2")
        ),
        migrations.AlterField("hourfigure", "visits", models.PositiveIntegerField(default=0)),
        migrations.AlterField(
            "hourfigure", "classified", models.PositiveIntegerField(default=0, help_text="Visits with attributes.")
        ),
        migrations.AlterField("hourfigure", "till_purchases", models.PositiveIntegerField(default=0)),
        migrations.AddConstraint(
            "hourfigure", models.UniqueConstraint(fields=["store", "hour"], name="one_figure_per_hour")
        ),
    ]
