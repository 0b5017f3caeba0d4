"""Looks: fresh pytest processes that measure chosen tests again, after the user's session."""
