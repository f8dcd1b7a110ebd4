#!/usr/bin/env python3
"""Django's command-line utility for administrative tasks."""

import os
import sys


def main():
    """Run administrative tasks."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlops_portal.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        from mlops_portal.bootstrap import set_up_and_run_again

        set_up_and_run_again()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
