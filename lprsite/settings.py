"""All settings, read from the environment once. A wrong value stops the start with a sentence."""

from __future__ import annotations

import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from lprsite import valkey

env = environ.Env()
ROOT = Path(__file__).resolve().parent.parent


def number(name: str, default: int, *, low: int = 0) -> int:
    """A whole number from the environment, at least ``low``."""
    raw = os.environ.get(name, "").strip()
    if not raw:
        return default
    if not raw.isdecimal() or int(raw) < low:
        raise ImproperlyConfigured(f"{name}={raw!r} must be a whole number of at least {low}.")
    return int(raw)


def secret_key(folder: Path) -> str:
    """The key of this installation, made once and readable by its owner only."""
    if given := os.environ.get("LPR_SECRET_KEY"):
        return given
    path = folder / "secret.key"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(secrets.token_urlsafe(50))
    try:
        os.link(fresh, path)  # the first process wins; the others read its key
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text().strip()


DATA = Path(os.environ.get("LPR_DATA") or ROOT / "data").expanduser().resolve()
DEBUG = env.bool("LPR_DEBUG", default=False)
SECRET_KEY = secret_key(DATA)
ALLOWED_HOSTS = env.list("LPR_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("LPR_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "django_filters",
    "lprsite",
    "lprsite.jobs",
    "annotations",
    "training",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "lprsite.middleware.in_one_thread",  # the last: it decides how the others run
]
ROOT_URLCONF = "lprsite.urls"
ASGI_APPLICATION = "lprsite.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db("DATABASE_URL", default=f"sqlite:///{DATA / 'lpr.sqlite3'}")
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: a deferred transaction that reads first cannot wait when it upgrades.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DATABASES["default"].setdefault("CONN_HEALTH_CHECKS", True)
DATABASES["default"]["CONN_MAX_AGE"] = 600  # seconds; see lprsite/threads.py
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
BULK_ROWS = 200  # one write transaction of bulk work; more makes people wait behind it

REDIS_URL: str = os.environ.get("REDIS_URL") or valkey.url(DATA) or ""
CHANNEL_LAYERS: dict[str, Any] = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    }
    if REDIS_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}
CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False  # the reaper sends again what the broker missed
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 24 * 3600,  # the lease recovers work, not redelivery
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
}
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "reap": {"task": "lprsite.jobs.tasks.reap", "schedule": 15.0},
    "sweep": {"task": "annotations.tasks.sweep", "schedule": timedelta(hours=1)},
    "suggest": {"task": "training.tasks.suggest_new", "schedule": 10.0},
    "link": {"task": "annotations.tasks.link_new", "schedule": 30.0},
    "train": {"task": "training.tasks.begin_scheduled", "schedule": 60.0},
    "cameras": {"task": "training.tasks.go_on_recording", "schedule": 15.0},
    "retain": {"task": "training.tasks.retain", "schedule": timedelta(hours=1)},
}
JOB_LEASE_SECONDS = 60
JOB_MEMBERSHIP = "annotations.members.may_see"

STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA / "files"},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_URL = "/static/"
BUNDLE = ROOT / "frontend" / "dist"
STATICFILES_DIRS = [BUNDLE] if BUNDLE.is_dir() else []
FILE_UPLOAD_TEMP_DIR = DATA / "uploads"
FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True)
FILE_UPLOAD_PERMISSIONS = 0o640
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
SMALL_UPLOAD_BYTES = 100 * 1024**2  # files in a form; larger ones come in pieces
UPLOAD_PIECE_BYTES = number("LPR_UPLOAD_PIECE_MB", 1024, low=1) * 1024**2  # of one request
UPLOAD_DAYS = number("LPR_UPLOAD_DAYS", 3, low=1)  # an unfinished upload waits so long
UPLOADS_EACH = number("LPR_UPLOADS_EACH", 200, low=1)  # unfinished, of one person
UPLOAD_USER_BYTES = number("LPR_UPLOAD_USER_GB", 500, low=1) * 1024**3  # all these together
PROJECT_BYTES = number("LPR_PROJECT_GB", 0) * 1024**3  # recordings of a project; 0: no limit
TRAIN_PROCESSES = number("LPR_TRAIN_PROCESSES", 1, low=1)  # that share a detector's training
DISK_RESERVE_BYTES = number("LPR_DISK_RESERVE_MB", 512) * 1024**2  # that uploads leave free
MAX_VIDEO_BYTES = number("LPR_MAX_VIDEO_GB", 50, low=1) * 1024**3
MAX_IMPORT_BYTES = number("LPR_MAX_IMPORT_GB", 50, low=1) * 1024**3
EXPORT_DAYS = number("LPR_EXPORT_DAYS", 7, low=1)  # an export can be downloaded so long
# The location of nginx, "internal", whose alias is the folder of the files: /protected
X_ACCEL = os.environ.get("LPR_X_ACCEL", "").rstrip("/")
SERVER_FOLDER = os.environ.get("LPR_SERVER_FOLDER", "")  # people may ingest paths below it
WATCH_FOLDER = os.environ.get("LPR_WATCH_FOLDER", "")  # in it, its recordings come in alone
WATCH_PROJECT = os.environ.get("LPR_WATCH_PROJECT", "")  # into this one: a name or number
MAIL = env.email_url("EMAIL_URL", default="consolemail://")  # smtp://user:password@host:25
MAILS = bool(os.environ.get("EMAIL_URL"))  # whoever started a training hears of its end
vars().update(MAIL)
DEFAULT_FROM_EMAIL = os.environ.get("LPR_MAIL_FROM", "lpr@localhost")
TRAINING_WEBHOOK = os.environ.get("LPR_TRAINING_WEBHOOK", "")  # told when a training has ended
READS_WEBHOOK = os.environ.get("LPR_READS_WEBHOOK", "")  # told each read of a video
for _name, _address in (("TRAINING", TRAINING_WEBHOOK), ("READS", READS_WEBHOOK)):
    if _address and not _address.startswith(("http://", "https://")):
        raise ImproperlyConfigured(f"LPR_{_name}_WEBHOOK must begin with http:// or https://.")
if WATCH_FOLDER:
    if not SERVER_FOLDER or not WATCH_PROJECT:
        raise ImproperlyConfigured(
            "LPR_WATCH_FOLDER needs LPR_SERVER_FOLDER and LPR_WATCH_PROJECT."
        )
    CELERY_BEAT_SCHEDULE["watch"] = {"task": "annotations.tasks.watch", "schedule": 60.0}

PASSWORD_HASHERS = [  # the first hashes; the others still check what older versions hashed
    f"django.contrib.auth.hashers.{name}PasswordHasher"
    for name in ("Argon2", "PBKDF2", "PBKDF2SHA1", "Scrypt")
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "/login"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 30 * 24 * 3600
CSRF_COOKIE_SAMESITE = "Lax"
if env.bool("LPR_HTTPS", default=False):
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/admin/"],
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "media-src": ["'self'", "blob:"],
        "style-src": ["'self'", "'unsafe-inline'"],  # the widget library sets style attributes
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication",
        "rest_framework.authentication.TokenAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "lprsite.api.ById",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "EXCEPTION_HANDLER": "lprsite.api.answer_refusal",
    "DEFAULT_THROTTLE_RATES": {"login": f"{number('LPR_LOGINS_A_MINUTE', 20, low=1)}/min"},
    "NUM_PROXIES": number("LPR_PROXIES", 0),  # how many proxies' X-Forwarded-For are believed
}
SPECTACULAR_SETTINGS = {
    "TITLE": "LPR Studio",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "FrameStatus": "annotations.models.frames.FrameStatus",
        "ReadingStatus": "annotations.models.crops.Status",
        "PassageStatus": "annotations.models.passages.PassageStatus",
        "JobState": "lprsite.jobs.models.State",
        "Kind": "annotations.models.datasets.Kind",
    },
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
UNFOLD = {"SITE_TITLE": "LPR Studio", "SITE_HEADER": "LPR Studio", "SITE_URL": "/"}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LPR_LOG_LEVEL", "INFO")},
}
