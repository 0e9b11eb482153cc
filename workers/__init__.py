"""Celery's view of the product: the app, thin tasks, the sweeper. `python -m workers` starts a worker."""
