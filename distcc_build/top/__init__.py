"""What this user's distcc clients do now: seen, summed up, and shown."""
