"""IMS QTI, the exchange standard of learning platforms: 1.2 is read, 2.1, 2.2 and 3.0 are read and written.

`reading.read` takes whatever comes (a loose XML file or a content package) and finds the version itself; the
modules ``version_*`` are the formats as the registry knows them. Items come and go through one tree of the 2.x
element names (`names`), so that only what really differs between the versions is written twice.
"""
