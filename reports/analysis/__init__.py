"""What a report says, as frozen records: pure functions over what a run holds."""
