"""Writes the API's OpenAPI document to standard output, as a server with the base URL ``/`` serves it."""

from __future__ import annotations

import sys

from lakesail_notebook.api.openapi import document_of
from lakesail_notebook.api.routes import OPERATIONS, PUBLIC_OPERATIONS
from lakesail_notebook.api_location import API_PATH

if __name__ == "__main__":
    sys.stdout.buffer.write(document_of(OPERATIONS, PUBLIC_OPERATIONS, f"/{API_PATH}")())
