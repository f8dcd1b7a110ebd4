"""Addresses of what the machines see, under /api/v1/."""

urlpatterns: list = []
