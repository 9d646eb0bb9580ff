"""What a card is gathered from: one statement a function, so that a card costs a dozen whatever the data."""
