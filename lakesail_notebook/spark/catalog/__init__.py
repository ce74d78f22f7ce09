"""What a Spark session can name: catalogs, databases, tables with their columns, temp views, functions."""
