"""Looking at photos, tags, points and labels: pictures of them, and checks."""
