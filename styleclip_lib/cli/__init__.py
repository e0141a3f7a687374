"""The command line: one file for each command, ``main.py`` chooses among them."""
