"""The lanes of the sagas' participants; what they decide is in `sagas/participants`."""
