"""All settings, each from the environment with a working default; docs/operations/settings.md is the table."""

from urllib.parse import urlsplit

from celery.schedules import schedule

from mlops_portal import environment
from mlops_portal.engine.logs import logging_config
from mlops_portal.startup.embedded import ROOT, data_folder, embedded_database, kept_key

DATA_DIR = data_folder()

DEBUG = False
BASE_URL = environment.web_address("PORTAL_BASE_URL", "http://127.0.0.1:8000")
IS_TLS = BASE_URL.startswith("https://")
SECRET_KEY = environment.secret("SECRET_KEY", kept_key(DATA_DIR, "secret-key"))
ALLOWED_HOSTS = environment.hosts("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]", urlsplit(BASE_URL).hostname])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "mlops_portal",
    "mlops_portal.engine",
    "systems",
    "monitoring",
    "incidents",
]

# Those that set headers stand outermost, so that every answer has them: also one that a middleware below gives itself.
MIDDLEWARE = [
    "mlops_portal.engine.middleware.request_context",
    "mlops_portal.engine.middleware.security_headers",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "mlops_portal.engine.middleware.refuse_nul",
    "mlops_portal.engine.middleware.no_sign_in_inside_a_page",
    "mlops_portal.pages.errors.too_often",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "mlops_portal.engine.middleware.refusals_on_the_trail",
    "systems.moved.lead_on",
    "mlops_portal.engine.middleware.SignInRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "mlops_portal.urls"
WSGI_APPLICATION = "mlops_portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mlops_portal.pages.context.portal",
            ],
        },
    }
]

# Database: any wait on the server's side is bounded, so that one stuck query cannot hold a process (RELIABILITY F13).
IS_EMBEDDED = not environment.text("DATABASE_URL")
DATABASES = {"default": embedded_database(DATA_DIR) if IS_EMBEDDED else environment.database("DATABASE_URL")}
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {}).update(
    connect_timeout=3,
    options="-c statement_timeout=50000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=60000",
    keepalives_idle=10,
    keepalives_interval=5,
    keepalives_count=3,
    tcp_user_timeout=20000,
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The broker is a nudge: Redis for many hosts, a folder for one, where the one web process counts by itself.
REDIS_URL = environment.address("REDIS_URL", "", schemes=("redis", "rediss"), example="redis://127.0.0.1:6379/0")
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "cache",
            "OPTIONS": {
                "serializer": "mlops_portal.engine.cache.JsonSerializer",
                "socket_timeout": 3,
                "socket_connect_timeout": 3,
            },
        }
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

_broker_folder = DATA_DIR / "broker"
CELERY_BROKER_URL = REDIS_URL or "folder://localhost//"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "visibility_timeout": 180,
        "socket_timeout": 10,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
        "health_check_interval": 10,
        "global_keyprefix": "portal-",
    }
    if REDIS_URL
    else {
        "data_folder_in": str(_broker_folder),
        "data_folder_out": str(_broker_folder),
        "control_folder": str(_broker_folder / "control"),
        "polling_interval": 0.05,
    }
)
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": 180}
CELERY_VISIBILITY_TIMEOUT = 180
CELERY_REDIS_SOCKET_TIMEOUT = 10
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_EAGER_RESULT = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_SOFT_TIME_LIMIT = 50
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_TASK_DEFAULT_QUEUE = "work"
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_TIMEZONE = "UTC"
TICK_S = environment.number("PORTAL_TICK_S", 1.0, kind=float)
CELERY_BEAT_SCHEDULER = "mlops_portal.celery:InProcessScheduler"
CELERY_BEAT_SCHEDULE = {"tick": {"task": "tick", "schedule": schedule(TICK_S)}}
CELERY_BEAT_MAX_LOOP_INTERVAL = TICK_S

AUTH_USER_MODEL = "systems.Person"
# Django's own: allauth's tells whoever knows the password that an account was deactivated (S17).
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "systems.accounts.Adapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"

# How many proxies of the operator's own stand before the web process: whom they saw is whom tries are counted for.
TRUSTED_PROXIES = environment.number("PORTAL_TRUSTED_PROXIES", 0, may_be_0=True)
# Wrong tries: so many of an address, and of an account. A refused one does not count, so the wait comes to an end.
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}

SESSION_ENGINE = "mlops_portal.engine.sessions"
SESSION_COOKIE_NAME = "__Host-portal-session" if IS_TLS else "portal-session"
KNOWN_BROWSER_COOKIE_NAME = "__Host-portal-browser" if IS_TLS else "portal-browser"
CSRF_COOKIE_NAME = "__Host-portal-csrf" if IS_TLS else "portal-csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_TLS
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # not in a third cookie
CSRF_TRUSTED_ORIGINS = [BASE_URL]
CSRF_FAILURE_VIEW = "mlops_portal.pages.errors.csrf_failure"
SECURE_HSTS_SECONDS = 31_536_000 if IS_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_TLS
SECURE_SSL_REDIRECT = IS_TLS
SECURE_REDIRECT_EXEMPT = [r"^healthz/"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_TLS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["mlops_portal.engine.uploads.NoFiles"]

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [ROOT / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "mlops_portal.statics.PlotlyFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# Mail goes to a server, or as files into a folder: EMAIL_URL=file:///some/folder.
vars().update(environment.email("EMAIL_URL", str(DATA_DIR / "mail")))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = environment.text("PORTAL_MAIL_FROM", "MLOps Portal <portal@portal.invalid>")

_web = {"schemes": ("http", "https"), "example": "http://127.0.0.1:8000"}
KNOCK_URL = environment.address("PORTAL_KNOCK_URL", BASE_URL, **_web)  # where workers reach the web door
HEARTBEAT_URL = environment.address("PORTAL_HEARTBEAT_URL", "", **_web)

# Folders below which prediction logs are read, and nothing else; without any, those of the demo world alone.
LOG_ROOTS = environment.folders("PORTAL_LOG_ROOTS", [DATA_DIR / "demo" / "logs"])

# Pulling: where to, how long, how much; what is kept, and what seals credentials (never SECRET_KEY).
EGRESS_ALLOW = environment.places("PORTAL_EGRESS_ALLOW")
EGRESS_ALLOW_LOCAL = environment.places("PORTAL_EGRESS_ALLOW_LOCAL", on_loopback=True)
PULL_DEADLINE_S = environment.number("PORTAL_PULL_DEADLINE_S", 30)
PULL_MAX_BYTES = environment.number("PORTAL_PULL_MAX_BYTES", 10 * 1024 * 1024)
PULL_MAX_SERIES = environment.number("PORTAL_PULL_MAX_SERIES", 5000)
MIN_INTERVAL_S = environment.number("PORTAL_MIN_INTERVAL_S", 10)
RETENTION_DAYS = environment.number("PORTAL_RETENTION_DAYS", 400)
ENCRYPTION_KEYS = environment.keys("PORTAL_ENCRYPTION_KEYS", kept_key(DATA_DIR, "encryption-key"))
if SECRET_KEY in ENCRYPTION_KEYS:
    raise environment.WrongSetting("PORTAL_ENCRYPTION_KEYS holds SECRET_KEY: what signs sessions opens no credentials.")

# How often: how many in how many seconds. "api" for each token, the rest for each person, page and API together.
LIMITS = {"api": (1200, 60), "backtest": (60, 60), "pull": (60, 60), "test": (20, 60), "export": (60, 60)}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "systems.tokens.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["mlops_portal.engine.api.permissions.Denied"],
    "DEFAULT_THROTTLE_CLASSES": ["mlops_portal.engine.api.throttles.PerCaller"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["mlops_portal.engine.api.parsing.StrictJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "mlops_portal.engine.api.errors.problem",
    "DEFAULT_SCHEMA_CLASS": "mlops_portal.engine.api.schema.DoorSchema",
    "DEFAULT_PAGINATION_CLASS": "mlops_portal.engine.api.paging.Pages",
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "MLOps Portal",
    "DESCRIPTION": "Registry of ML systems, their owners, health and incidents.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None, "docExpansion": "none"},
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "RoleEnum": "systems.models.Role",
        "MonitorKindEnum": "monitoring.models.Monitor.Kind",
        "SeverityEnum": "incidents.models.Severity",
        "MonitorSeverityEnum": "monitoring.models.Monitor.Severity",
        "MetricKindEnum": "monitoring.models.Metric.Kind",
        "EntryKindEnum": "incidents.models.Entry.Kind",
        "MoneyKindEnum": "systems.models.Money.Kind",
        "PullOutcomeEnum": "monitoring.models.Pull.Outcome",
        "OutcomeEnum": "systems.models.Outcome.Result",
        "PhaseEnum": "systems.models.phase.Phase",
        "PhaseInUseEnum": "systems.models.phase.PHASES_IN_USE",
        "SituationEnum": "systems.models.Situation",
        "TriedSituationEnum": "systems.models.drill.CAN_BE_TRIED",
    },
}

# Usernames are unique in any case, by a constraint that Django does not see; preloading is up to a whole domain.
SILENCED_SYSTEM_CHECKS = ["auth.E003", "security.W021"]
if not IS_TLS:
    SILENCED_SYSTEM_CHECKS += ["security.W004", "security.W008"]
LOGGING = logging_config(environment.choice("PORTAL_LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")))
TEST_RUNNER = "mlops_portal.startup.test_runner.PytestRunner"
