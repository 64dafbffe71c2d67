"""Runs many independent jobs at the same time: on processes of this machine, or on a Ray cluster.

Both take a `make` that prepares a worker, once in each process, and jobs for it. Both yield each job with its result as
it is done, so the caller alone writes files, and a worker that is lost loses no result.
"""
