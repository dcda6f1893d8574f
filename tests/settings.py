"""Settings of the tests: a data folder of their own, no broker."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="lpr-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["LPR_DATA"] = _folder
os.environ.pop("REDIS_URL", None)
os.environ.pop("DATABASE_URL", None)

from lprsite.settings import *  # noqa: E402, F403  (the folder must be set before)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
