"""From rows to a trained model: in this process with TRL, or as a provider's job."""
