"""Writes the PDFs of every producer and era into a folder; those named on the command line alone, if any are."""

import os
import shutil
import sys
from pathlib import Path

from tools.test_pdfs.content import ERAS, printed_edition
from tools.test_pdfs.drawn import draw_with_cairo, draw_with_reportlab
from tools.test_pdfs.in_browser import print_in_chromium, print_in_weasyprint
from tools.test_pdfs.in_office import print_in_office

CHROMIUM = os.environ.get("CNCERT_CHROMIUM") or shutil.which("chromium") or "chromium"


def main(folder: str, *producers: str) -> None:
    """Write the PDFs of *producers* into *folder*."""
    makers = {
        "chromium": lambda edition, path: print_in_chromium(edition, path, CHROMIUM),
        "weasyprint": print_in_weasyprint,
        "libreoffice": print_in_office,
        "reportlab": lambda edition, path: draw_with_reportlab(edition, path, rotated=edition.name > "e3"),
        "cairo": draw_with_cairo,
    }
    for producer in producers or makers:
        for era in ERAS:
            path = Path(folder, f"{producer}-{era}.pdf")
            makers[producer](printed_edition(era), path)
            print(path, path.stat().st_size)


main(*sys.argv[1:])
