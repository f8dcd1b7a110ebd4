"""Pages of what the machines see."""

app_name = "monitoring"
urlpatterns: list = []
