"""Library of the helper DAGs. Nothing here is imported while a DAG file is parsed."""
