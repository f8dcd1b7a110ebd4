"""Structured logs: one JSON line per event, with the request's or the duty's id in each, and without secrets."""

import logging

import structlog

from mlops_portal.engine import redaction

_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
]


def without_secrets(logger, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Return the event, its traceback a text by now, as plain JSON that hides what is secret (RELIABILITY S29)."""
    return redaction.redacted(event)


# JSON of plain ASCII: a line break or a terminal's escape in a text stays inside it, as \n or \u001b (S30)
as_one_line = structlog.processors.JSONRenderer()


def logging_config(level: str) -> dict:
    """Return Django's LOGGING dict: every logger of the process, ours and libraries', as JSON lines on stderr."""
    logging.captureWarnings(True)  # Python would print them as they are
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*_SHARED, structlog.stdlib.ExtraAdder()],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    without_secrets,
                    as_one_line,
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "celery": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            "django.request": {"level": "ERROR"},
            "django.security.DisallowedHost": {"level": "ERROR"},
            "gunicorn.error": {"propagate": True},  # it would write lines of its own
        },
    }
