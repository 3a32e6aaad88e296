"""The end of personal data: policy, ledger, certificate, and the search for what was left."""
