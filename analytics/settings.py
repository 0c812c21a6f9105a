"""One settings file; every environment variable it reads is described in .env.example."""

from pathlib import Path

import django_stubs_ext
import environ
import plotly

from analytics import servers

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()

# Lets Django's classes be written with type parameters (ModelForm[Store]) at run time, too.
django_stubs_ext.monkeypatch()

# Everything that Foyer writes: embedded servers, spool, model versions. Another folder is another, empty Foyer.
DATA_DIR = servers.data_dir()

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or servers.local_secret_key()
# This machine's own names always work: health checks ask through them.
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *env.list("ALLOWED_HOSTS", default=[])]
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django_htmx",
    "ninja",  # its pages come with their own scripts then, and load none from elsewhere
    "training",
    "inference",
    "analytics",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "analytics.content_security.ContentSecurityMiddleware",
]

ROOT_URLCONF = "analytics.urls"
WSGI_APPLICATION = "analytics.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "analytics.access.navigation",
            ],
        },
    },
]

KEEP_CONNECTIONS = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
DATABASES = {
    "default": KEEP_CONNECTIONS | env.db_url_config(env.str("DATABASE_URL"))
    if env.str("DATABASE_URL", default="")
    else KEEP_CONNECTIONS | servers.embedded_database()
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="") or servers.embedded_redis_url()
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL},
}

# Celery --------------------------------------------------------------------------------
CELERY_BROKER_URL = servers.celery_url(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True  # state lives on the domain rows
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "inference.tasks.*": {"queue": "vision"},
    "training.tasks.*": {"queue": "training"},
}
CELERY_TASK_ACKS_LATE = True  # a killed worker's message is delivered again; every task may run twice
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    # Every 20 seconds: snapshots whose worker died, or whose message was lost with Redis, are taken up again.
    "resume unfinished snapshots": {
        "task": "inference.tasks.resume",
        "schedule": 20.0,
        "options": {"expires": 15},
    },
    # Every 20 seconds: sales files whose worker died are gone on with.
    "resume unfinished imports": {
        "task": "analytics.tasks.resume_imports",
        "schedule": 20.0,
        "options": {"expires": 15},
    },
    # Every 15 seconds: hours with new visits or purchases are matched and summed.
    "refresh figures": {"task": "analytics.tasks.refresh", "schedule": 15.0, "options": {"expires": 12}},
    # Every ten minutes: the last 28 days' rates by group are ready before anybody looks.
    "join usual periods": {"task": "analytics.tasks.join_usual", "schedule": 600.0, "options": {"expires": 500}},
    # Every hour: what is no longer needed is deleted.
    "forget": {"task": "inference.tasks.forget", "schedule": 3600.0, "options": {"expires": 3000}},
    "forget previews": {"task": "analytics.tasks.forget_previews", "schedule": 3600.0, "options": {"expires": 3000}},
}

# People --------------------------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

# Language and time --------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

# Static files: Plotly comes out of its Python package, htmx out of django-htmx
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("plotly", Path(plotly.__file__).parent / "package_data"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# Security: HTTPS=1 says that a proxy terminates TLS in front of us
HTTPS = env.bool("HTTPS", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS

# Pictures --------------------------------------------------------------------------------
SPOOL_DIR = Path(env.str("FOYER_SPOOL", default="") or DATA_DIR / "spool")
MODELS_DIR = Path(env.str("FOYER_MODELS", default="") or DATA_DIR / "models")
# A YuNet face detector file; without one the mtcnn package is used, slower and with its weights built in.
YUNET_PATH = env.str("FOYER_YUNET", default="") or servers.downloaded_yunet()
MAX_UPLOAD_FILES = env.int("FOYER_MAX_UPLOAD_FILES", default=5_000)
MAX_PICTURE_BYTES = env.int("FOYER_MAX_PICTURE_BYTES", default=25_000_000)
MAX_PICTURE_PIXELS = env.int("FOYER_MAX_PICTURE_PIXELS", default=50_000_000)
# A camera's token may bring so many pictures a second, averaged over ten seconds.
PUSHES_PER_SECOND = env.int("FOYER_PUSHES_PER_SECOND", default=50)
# Seals faces kept for an audit; without it, a key made from SECRET_KEY does.
AUDIT_KEY = env.str("FOYER_AUDIT_KEY", default="") or SECRET_KEY
# Large uploads wait in the spool while they come in, not in the machine's temporary folder.
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "inference.spool.UploadHandler",
]
DATA_UPLOAD_MAX_NUMBER_FILES = MAX_UPLOAD_FILES
DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000_000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
