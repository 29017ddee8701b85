"""What a report says of a run, as frozen records: computed here, drawn elsewhere."""
