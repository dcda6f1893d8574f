"""Bring a data folder up to this code: migrations, and the first administrator.

``python -m lprsite.prepare`` runs in a process of its own, so that the launcher never
loads Django. The note it leaves lets a later start skip all this.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from lprsite import prepared
from lprsite.prepared import ADMIN


def main() -> None:
    """Migrate, make an administrator if there is none, note that it is done."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lprsite.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    make_first_admin(settings.DATA)
    leave_note(settings.DATA)


def make_first_admin(data: Path) -> bool:
    """Make the user ``admin`` where nobody is a superuser; whether one was made.

    A user of that name who is no superuser is left alone, and nobody is made. The random
    password waits in a private file until the launcher shows it, so that a start which
    ends half-way does not leave an administrator whom nobody knows.
    """
    from django.contrib.auth import get_user_model

    people = get_user_model().objects
    if people.filter(is_superuser=True).exists() or people.filter(username=ADMIN).exists():
        return False
    password = secrets.token_urlsafe(12)
    prepared.keep_password(data, password)
    people.create_superuser(ADMIN, password=password)
    return True


def leave_note(data: Path) -> None:
    """Note how many migrations this database has, for SQLite in the data folder only."""
    from django.db import connection

    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM django_migrations")
        prepared.write(data, migrations=cursor.fetchone()[0])


if __name__ == "__main__":
    main()
