"""One runnable module for each network that ships with the portraits domain."""
