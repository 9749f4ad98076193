"""The years of a deployment: how it stands, what anybody does for it, what its government has proposed."""
