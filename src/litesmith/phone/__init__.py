"""Phones reached by adb: the client, choosing a device, connection, copying, running, what a phone says of itself."""
