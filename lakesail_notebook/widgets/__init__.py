"""The panel in a cell: a widget that this process feeds. It is imported when a panel is asked for."""
