#!/usr/bin/env python3
"""Django's command-line utility for administrative tasks."""

import os
import sys

from mlops_portal.bootstrap import require_dependencies, set_up_and_run_again


def main():
    """Run administrative tasks."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlops_portal.settings")
    try:
        require_dependencies(sys.argv)
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError:
        set_up_and_run_again(sys.argv)
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as wrong:
        sys.exit(str(wrong))


if __name__ == "__main__":
    main()
