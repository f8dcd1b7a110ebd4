"""Real model servers and a real Prometheus on loopback, pulled by the portal: `manage.py test peers -n 0`.

They hold the answers that the fast tests use (`tests/monitoring/recorded/`) against what these programs really show.
Not part of `.ci/run`: each is installed into an environment of its own first, which takes minutes.
"""
