"""Serving a language model's requests on a FuseMax accelerator."""
