"""What tests are built from: forms filled in, offices, mails, mail hosts, LibreOffice.

The program is imported first: openpyxl, which some builders import, then writes without lxml.
"""

import mlay_batch as mlay_batch
