"""Language-model arithmetic shared by the harness and by plugins: tokens, log-probabilities, passes, generation."""
