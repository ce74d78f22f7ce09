"""``jupyter lakesail``: the API's operations for people and programs, a doctor, and a control plane of its own."""
