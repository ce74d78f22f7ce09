"""The queries of this process, and the actions of the user that they belong to."""
