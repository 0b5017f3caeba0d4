"""Inside a pytest run: measuring, confirming, collecting."""
