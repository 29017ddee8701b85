"""Refining one instance: write it again, verify, judge, criticise, revise, compare; the steps of `improve`, and their graph."""
