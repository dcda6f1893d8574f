"""The doors of the API, one module per step of the line."""
