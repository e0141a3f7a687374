"""Checks for the exercises: one module for each topic, one function for each exercise.

A check takes the student's function, compares it with an independent reference on random input, and says what is
probably wrong. A right answer prints a line and returns True. A wrong one raises `CheckFailed`, which a notebook shows
as one message without a traceback. A stub that is not filled in yet prints a line and returns False, so that a lesson
runs to its end; who grades writes `assert check_truncate(truncate)`.
"""
