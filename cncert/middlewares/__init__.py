"""What stands between the engine, the spider and the network: hosts, verdict, ledger."""
