"""Text for people: what the API answers, as lines and tables."""
