"""Defaults of every setting. Override them in a file named by QBANK_CONFIG, or by QBANK_<NAME> variables.

No secrets and no work here: qbank/settings.py reads, types and validates these at start.
"""

# Where the database, the secret key, uploads and backups live. Empty: the user's data folder.
DATA_DIR = ""
# SQLAlchemy URL. Empty: SQLite in DATA_DIR. PostgreSQL: postgresql+psycopg://user:password@host/name
DATABASE_URL = ""
# Signs cookies and tokens. Empty: made once and kept in DATA_DIR, readable by its owner only.
SECRET_KEY = ""
# The address that `qbank serve` listens on.
HOST = "127.0.0.1"
PORT = 8000
# Server threads; each holds one request. Writes queue behind one another on SQLite.
THREADS = 8
# Host names that the server answers to, comma separated. Empty: any.
TRUSTED_HOSTS = ""
# How many proxies in front set X-Forwarded-* headers. 0: none is believed.
TRUSTED_PROXIES = 0
# Send cookies over HTTPS only. Turn on wherever the bank is reached through HTTPS.
SECURE_COOKIES = False
# Where attempt counters live. memory:// serves one process; several share redis://host:6379
RATELIMIT_STORAGE_URI = "memory://"

# The bank's name, shown in titles and on the sign-in page.
SITE_NAME = "qbank"
# Who may make an account: "open", "join_code" (with a group's code), "invitation".
SIGN_UP = "invitation"
# Shortest password accepted; never below 8.
PASSWORD_MIN_LENGTH = 15
# Sign-in attempts per account and per address before a pause.
SIGN_IN_LIMIT = "10 per minute"
# A sign-in ends after this many days, or this many days without a visit.
SIGN_IN_DAYS = 30
SIGN_IN_IDLE_DAYS = 14

# How many different people must approve a version. 0 lets one person run a bank alone.
APPROVALS_NEEDED = 1
# How many options an item has.
OPTIONS_MIN = 3
OPTIONS_MAX = 5

# Seconds per item where no preset says otherwise.
SECONDS_PER_ITEM = 90
# The most items in one block.
BLOCK_MAX_ITEMS = 100
# Share of an exam-feedback block that pretest items may fill, rounded down.
PRETEST_SHARE = 0.10
# So many learners must have met a pretest item before it may become live.
PRETEST_MIN_DELIVERIES = 50
# An untimed block that is still open this many days after its start is closed as abandoned.
ABANDON_DAYS = 30

# From so many logged reviews on, `qbank review fit` fits the spaced review's parameters to a learner.
REVIEW_FIT_FROM = 400

# Figures with fewer answers than these are not shown as percentages.
MIN_PEERS = 10
MIN_GROUP_N = 5
# Score bands: below the first, between, at or above the second (per cent).
BAND_LOW = 60.0
BAND_HIGH = 70.0

# Who drafts items from a loaded article: "rules" (no network), "model" (a language model; the rules where it
# fails), "both". Whoever drafts, every draft passes the same checks and waits for a person.
DRAFTER = "rules"
# Base address of a service that speaks the OpenAI-compatible protocol, such as http://127.0.0.1:11434/v1; the title
# and the statements of articles are sent there. It is asked directly: no proxy, no redirect.
DRAFTER_URL = ""
# The model's name, as that service knows it.
DRAFTER_MODEL = ""
# The service's key, where it wants one. Better given as QBANK_DRAFTER_KEY than in a file.
DRAFTER_KEY = ""
# How long one article may take the model; after that the rules draft alone. Whoever loads the article waits.
DRAFTER_TIMEOUT_SECONDS = 120
# At most so many statements of an article are sent, from the first on.
DRAFTER_MAX_STATEMENTS = 40

# For the test suite only: unlocks QBANK_CLOCK_FILE and quick password hashing.
TESTING = False
# A file whose content is the UTC time that the one clock returns. Refused unless TESTING.
CLOCK_FILE = ""
