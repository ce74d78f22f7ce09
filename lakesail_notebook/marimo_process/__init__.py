"""The processes around one marimo server: they start it, say when it serves, and leave none of its children behind."""
