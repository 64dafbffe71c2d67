"""The work behind a command: read the data, run the model, measure, write the results."""
