"""The evidence of claims in few small files, from which they are judged as from the folders of their runs."""
