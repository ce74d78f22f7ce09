"""RPCs to the session proxy: with a token, observed, sent again, given up."""
