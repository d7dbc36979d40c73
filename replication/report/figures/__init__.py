"""The figures of the report: functions from data to a Matplotlib figure."""
