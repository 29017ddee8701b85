"""What people and a judge say of a run: the page people mark it on, how far raters agree, and the statement on its quality."""
