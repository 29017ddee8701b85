"""The report as a web page, with its figures."""

from self_instruct.reports.page.report_folder import report_on, write_report

__all__ = ["report_on", "write_report"]
