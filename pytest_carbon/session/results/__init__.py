"""Takes the results of all processes, and hands the finished run on."""
