"""The command line: `gateway NOUN VERB`."""
