"""Makes the template databases of one Airflow version: migrated metadata with an administrator, Celery's tables.

Run once for each version with the Airflow environment's own Python; every site then starts from copies.
Reads LIFEBOAT_ADMIN_USER and LIFEBOAT_ADMIN_PASSWORD; the addresses of the databases come from Airflow's own settings.
"""

from __future__ import annotations

import os


def migrate() -> None:
    """Does what `airflow db migrate` does."""
    from airflow.utils import db

    db.upgradedb()


def add_administrator(name: str, password: str) -> None:
    """Makes the roles and permissions of the web server, and the user that the REST API is called as."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
    from werkzeug.security import generate_password_hash

    with get_application_builder() as builder:
        security = builder.sm
        security.sync_roles()
        # Every REST call checks this hash again: a strong one would cost more time than the call itself.
        cheap_hash = generate_password_hash(password, method="pbkdf2:sha256:1000")
        email = f"{name}@example.com"
        security.add_user(name, name, "Lifeboat", email, security.find_role("Admin"), hashed_password=cheap_hash)


def add_celery_tables() -> None:
    """Makes the tables of broker and result backend: made on first use, scheduler and worker would race for it."""
    from airflow.providers.celery.executors.celery_executor import app

    with app.connection_for_write() as connection, connection.channel() as channel:
        channel._open()
        channel._get_or_create("default")
    app.backend.ResultSession().close()


def main() -> None:
    """Makes both templates."""
    migrate()
    add_administrator(os.environ["LIFEBOAT_ADMIN_USER"], os.environ["LIFEBOAT_ADMIN_PASSWORD"])
    add_celery_tables()


if __name__ == "__main__":
    main()
