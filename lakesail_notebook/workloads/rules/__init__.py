"""Pure decisions of the domain: no I/O, no clock of their own."""
