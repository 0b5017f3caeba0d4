"""Two revisions of a project, measured in turn on one machine, decided without a baseline.

``repository`` and ``checkout`` bring each revision into a folder of its own, ``setup`` into an
environment of its own; ``side`` is the run's handle of a revision's pytest session, whose inner
half is ``worker``; ``proof`` makes sure that each side ran its own files; ``comparison`` leads
from the first full run to the verdicts.
"""
