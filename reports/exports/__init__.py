"""The dataset of a run in the formats that other tools read."""
