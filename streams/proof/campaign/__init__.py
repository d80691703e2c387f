"""The crash campaign: every fault that the promise must bear, each many times, from seeds that repeat it."""
