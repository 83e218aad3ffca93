"""The statistics that claims are judged by: one a file, from evidence alone to an effect with its interval."""
