"""The trials of the campaign, in the order of their numbers."""

from streams.proof.campaign.trial import Trial
from streams.proof.campaign.trials import worker_kills

TRIALS: tuple[Trial, ...] = (worker_kills.TRIAL,)
