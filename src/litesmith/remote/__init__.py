"""Machines reached by SSH: connection, copying, running, what they are, and the runtime they are lent."""
