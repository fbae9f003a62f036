"""Job files: what a study is to search, and how."""

from __future__ import annotations

from dse.job.load import load_job
from dse.job.resolve import Job, searcher_settings

__all__ = ["Job", "load_job", "searcher_settings"]
