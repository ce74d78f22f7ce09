"""The user's code: which line of it runs, and how its functions travel to the engine."""
