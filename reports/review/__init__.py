"""People's part: how far raters agree, which instances people are shown, the page they mark them on, and reading it back."""
