"""What build systems load by path: no policy, no imports of ours."""
