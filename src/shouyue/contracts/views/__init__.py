"""Pages of contracts: lists, the contract page, its changes, plan versions."""
