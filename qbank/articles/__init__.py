"""Clinical question-and-answer articles: reading, drafting, revisions, pages."""
