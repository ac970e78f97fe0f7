"""Which migrations this version still has to apply."""


def pending_migrations() -> list[str]:
    """As `app.name`, in the order they would run. Django must be loaded."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
