"""From a caller of connect() to a PySpark session on a governed session."""
