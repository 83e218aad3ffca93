"""Running: the target model, difficulty scores, the loop of one cell, and the study around them."""
