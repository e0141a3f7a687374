"""Grading: student versions of the assignments, submissions run apart from everything else, grades and feedback.

A submission is run by two parties. Its own cells run in a process without network, with limits on time, memory and output
(`sandbox`, `confinement`, `student`). The test cells run here (`judge`), where the submission cannot reach them: a function of the
student's is called through a pipe (`wire`), and only data comes back. nbgrader keeps the format, the gradebook and the feedback
pages (`course`).
"""
