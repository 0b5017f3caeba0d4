"""Carbon intensity: grams of CO2e per kilowatt-hour, with source and date."""
