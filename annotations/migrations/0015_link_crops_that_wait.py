from django.db import migrations


def mark(apps, schema_editor):
    crops = apps.get_model("annotations", "Crop")
    rows = crops.objects.filter(waiting=True, group="", box__frame__video__isnull=False)
    rows.update(unlinked=True)


class Migration(migrations.Migration):
    dependencies = [("annotations", "0014_add_linking_of_crops")]

    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]
