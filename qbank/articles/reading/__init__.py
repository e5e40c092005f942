"""Reading articles: text, Markdown or saved HTML in, statements with their citations out. No database needed."""

from qbank.articles.reading.errors import ArticleError
from qbank.articles.reading.reader import read_article, read_article_bytes

__all__ = ["ArticleError", "read_article", "read_article_bytes"]
