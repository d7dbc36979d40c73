"""From what a rule did to machine code, or to JavaScript.

`blocks` (a graph becomes loops), `programs` (loops become a sweep of learning), `machine` (compiled
code), `javascript` (the same for a page).
"""
