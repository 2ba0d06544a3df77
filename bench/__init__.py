"""What graphc is measured by, beside its peers: `python -m bench`."""
