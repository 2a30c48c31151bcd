"""A sample archive of 38 weeks, so that everything can be tried without a request: see README.md."""
