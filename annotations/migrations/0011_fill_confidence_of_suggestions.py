from django.db import migrations


def fill(apps, schema_editor):
    suggestions = apps.get_model("annotations", "Suggestion")
    rows = suggestions.objects.filter(crop__isnull=False, confidence=None).exclude(characters=[])
    batch = []
    for row in rows.only("id", "characters").iterator(chunk_size=200):
        row.confidence = min(row.characters)
        batch.append(row)
        if len(batch) == 200:
            suggestions.objects.bulk_update(batch, ["confidence"])
            batch = []
    suggestions.objects.bulk_update(batch, ["confidence"])


class Migration(migrations.Migration):
    dependencies = [("annotations", "0010_add_second_readings")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
