"""One settings file for every installation, read from the environment; `.env.example` lists what may be set.

Without DATABASE_URL the embedded PostgreSQL of the home directory is used, started when needed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from shouyue.runtime import database, home
from shouyue.web.csp import POLICY

TESTING = "pytest" in sys.modules


def _flag(name: str, default: bool = False) -> bool:
    value = os.environ.get(name, "").strip().lower()
    return default if not value else value in ("1", "true", "yes", "on")


def _names(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


PACKAGE = Path(__file__).resolve().parent.parent
SHOUYUE_HOME = home.home_directory()
SECRET_KEY = home.secret_key(SHOUYUE_HOME)
SECRET_KEY_FALLBACKS = _names("SHOUYUE_SECRET_KEY_FALLBACKS")
DEBUG = _flag("SHOUYUE_DEBUG")
ALLOWED_HOSTS = _names("SHOUYUE_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = _names("SHOUYUE_TRUSTED_ORIGINS")
BASE_URL = os.environ.get("SHOUYUE_BASE_URL", "http://127.0.0.1:8000")

# Everything on the ladder that has tables, pages or words; lowest first.
MODULES = [
    "shouyue.kernel",
    "shouyue.web",
    "shouyue.accounts",
    "shouyue.parties",
    "shouyue.notifications",
    "shouyue.files",
    "shouyue.calendars",
    "shouyue.contracts",
    "shouyue.signoff",
    "shouyue.commitments",
    "shouyue.tickets",
    "shouyue.visits",
    "shouyue.insights",
    "shouyue.portal",
    "shouyue.demo",
]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "template_partials",
    "csp",
    "ninja",
    *MODULES,
    # last: it looks for the modules' tasks when it is ready
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "shouyue.web.middleware.one_address_middleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "shouyue.kernel.middleware.transaction_middleware",
    "django.middleware.common.CommonMiddleware",
    "shouyue.accounts.middleware.browser_middleware",  # session, CSRF, messages
    "shouyue.accounts.middleware.actor_middleware",
    "shouyue.commitments.middleware.refusal_middleware",
    "shouyue.web.middleware.ActorLocaleMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "shouyue.web.csp.policy_middleware",
    "shouyue.web.middleware.ErrorPageMiddleware",
]

ROOT_URLCONF = "shouyue.config.urls"
WSGI_APPLICATION = "shouyue.config.wsgi.application"

_CONTEXT_PROCESSORS = [
    "django.template.context_processors.request",
    "django.template.context_processors.i18n",
    "django.contrib.messages.context_processors.messages",
    "shouyue.web.context.shell",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": _CONTEXT_PROCESSORS,
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Database. The login role owns nothing; each transaction takes on one of two roles (kernel.scope).
DATABASE_ROLE_PREFIX = os.environ.get("SHOUYUE_ROLE_PREFIX", "shouyue")


def _database() -> dict[str, Any]:
    without = _flag("SHOUYUE_WITHOUT_DATABASE")  # static checks need settings, not a server
    urls = database.Urls(app="dbname=none", admin="dbname=none") if without else database.ensure(SHOUYUE_HOME)
    as_owner = os.environ.get("SHOUYUE_DATABASE_AS") == "owner"
    given = database.parameters(urls.admin if as_owner else urls.app)
    options: dict[str, Any] = {
        key: value
        for key, value in given.items()
        if key not in ("dbname", "user", "password", "host", "port")
    }
    options["connect_timeout"] = int(options.get("connect_timeout", 10))
    if _flag("SHOUYUE_PREPARED_STATEMENTS", default=True):
        # planning the joins of a ticket takes ten times as long as running them
        options |= {"server_side_binding": True, "prepare_threshold": 3}
    if as_owner:
        options["assume_role"] = database.roles().owner
    elif not (TESTING or without or "worker" in sys.argv[:3]):
        options["pool"] = {
            "min_size": 1,
            "max_size": int(os.environ.get("SHOUYUE_POOL_SIZE", "6")),
            "timeout": 10,
        }
    return {
        "ENGINE": "shouyue.kernel.postgres",
        "NAME": given.get("dbname", ""),
        "USER": given.get("user", ""),
        "PASSWORD": given.get("password", ""),
        "HOST": given.get("host", ""),
        "PORT": given.get("port", ""),
        "OPTIONS": options,
        "CONN_HEALTH_CHECKS": True,
        "ADMIN_URL": urls.admin,
        "OWNER_ROLE": database.roles().owner,
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Accounts
AUTH_USER_MODEL = "accounts.User"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # user names are unique regardless of case, by a constraint on lower()
AUTHENTICATION_BACKENDS = ["shouyue.accounts.backends.PasswordBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "home"
SESSION_ENGINE = "shouyue.accounts.sessions"
SESSION_COOKIE_NAME = "shouyue_session"
SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = False
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "shouyue.web.views.csrf_failure"
_https = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_HSTS_SECONDS = 31536000 if _https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _flag("SHOUYUE_BEHIND_PROXY") else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = POLICY

# Languages and time
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = "shouyue_language"
LANGUAGE_COOKIE_AGE = 60 * 60 * 24 * 365
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Static files and uploads
STATIC_URL = "/static/"
STATIC_ROOT = SHOUYUE_HOME / "static"
STATICFILES_DIRS: list[Path] = []
_static_storage = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
    if TESTING or DEBUG
    else "shouyue.web.storage.StaticStorage"
)
_bucket = os.environ.get("SHOUYUE_S3_BUCKET", "")
STORAGES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "storages.backends.s3.S3Storage"
        if _bucket
        else "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"bucket_name": _bucket, "default_acl": "private", "querystring_auth": True}
        if _bucket
        else {"location": SHOUYUE_HOME / "files", "base_url": None},
    },
    "staticfiles": {"BACKEND": _static_storage},
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG or TESTING
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("png", "jpg", "webp", "ico", "woff", "woff2", "gz", "br", "zip", "map")
FILE_SIZE_LIMIT = int(os.environ.get("SHOUYUE_FILE_SIZE_LIMIT_MB", "25")) * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 50

# Mail
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if os.environ.get("SHOUYUE_SMTP_HOST")
    else "django.core.mail.backends.dummy.EmailBackend"
)
EMAIL_HOST = os.environ.get("SHOUYUE_SMTP_HOST", "")
EMAIL_PORT = int(os.environ.get("SHOUYUE_SMTP_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("SHOUYUE_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("SHOUYUE_SMTP_PASSWORD", "")
EMAIL_USE_TLS = _flag("SHOUYUE_SMTP_STARTTLS")
EMAIL_USE_SSL = _flag("SHOUYUE_SMTP_TLS")
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = os.environ.get("SHOUYUE_MAIL_FROM", "shouyue@localhost")

# Jobs
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {
        "breaks": {"()": "shouyue.runtime.logs.OncePerBreak"},
        "secrets": {"()": "shouyue.runtime.logs.WithoutSecrets"},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["secrets", "breaks"]}
    },
    "root": {"handlers": ["stderr"], "level": os.environ.get("SHOUYUE_LOG_LEVEL", "WARNING")},
    # httpx names whole addresses at INFO, and a robot's address is its key; what a client got wrong it was told
    "loggers": {
        "django.request": {"level": "ERROR"},
        "procrastinate": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
    },
}

if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
