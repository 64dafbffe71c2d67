"""Files on disk: written whole or not at all, folders of results, where installed data lies.

Standard library only.
"""
