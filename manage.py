#!/usr/bin/env python
"""Every command of the program: ``python manage.py help``."""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    os.umask(0o077)  # plates are personal data: what is written here is for its owner
    if sys.argv[1:2] == ["up"]:  # without Django: it starts at once and stays small
        from lprsite.launcher import main

        sys.exit(main(sys.argv[2:]))
    if sys.argv[1:2] == ["demo"]:  # starts ``up`` first, whose broker the settings then find
        from lprsite.demo import main as demo

        sys.exit(demo(sys.argv[2:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lprsite.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
