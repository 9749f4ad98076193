"""Provers without trust: jobs with leases, workers here and elsewhere, and every proof verified before it is used."""
