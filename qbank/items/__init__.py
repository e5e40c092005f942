"""Items, their immutable versions, life cycle, flaw checks and authoring pages."""
