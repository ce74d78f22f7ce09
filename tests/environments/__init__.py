"""The package in environments of its own: what it brings, what it lacks, and what it says to another version."""
