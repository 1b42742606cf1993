"""The tests of dbwizard: they mirror `wizard/`; `run` is the one command that runs everything."""
