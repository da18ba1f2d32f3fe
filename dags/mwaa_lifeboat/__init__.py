"""MWAA Lifeboat: the part that runs inside Airflow."""
