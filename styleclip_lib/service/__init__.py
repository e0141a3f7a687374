"""The library behind HTTP: jobs that wait in a bounded queue, are computed in processes of their own, and are soon forgotten."""
