"""What ships with Foedus: scenarios, textbook games, conflicts in option form and the records that they cite. No code."""
