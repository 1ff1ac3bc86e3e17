"""Chosen variant to files to ship. A kind of bundle is one file in `kinds/`."""
