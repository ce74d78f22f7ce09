"""The process around one Sail server, and the process that installs its libraries."""
