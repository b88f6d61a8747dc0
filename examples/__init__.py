"""
Small sites to read and to run, from the root of the repository::

    penstock serve examples.hello:Hello
"""
