"""Statistics as pure functions of arrays. numpy and scipy, no files, no boards."""
