"""This system on local chains of the lab, for tests, the demo and rehearsals of deployments."""
