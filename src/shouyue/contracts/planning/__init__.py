"""The life of a plan: drafts people edit, proposals both sides approve, the day a version takes effect."""
