"""The database: engine, session, column types, naming convention."""
