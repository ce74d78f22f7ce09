"""What the control plane offers, one module for each resource."""
