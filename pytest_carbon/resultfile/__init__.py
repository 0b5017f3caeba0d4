"""The result file: a finished run as JSON, from which everything else can be made later."""
