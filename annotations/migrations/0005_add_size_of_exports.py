from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotations", "0004_add_resumable_uploads_and_deletion"),
    ]

    operations = [
        migrations.AddField(
            model_name="export",
            name="bytes",
            field=models.PositiveBigIntegerField(null=True),
        ),
    ]
